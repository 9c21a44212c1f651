using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>backends</c>: name → address and kind.</summary>
internal static class BackendsReader
{
    private const string Key = "backends";

    /// <summary>Until the address was read.</summary>
    private static readonly Uri NoUrl = new("http://localhost:8081");

    private static readonly Dictionary<string, BackendKind> Kinds = new(StringComparer.Ordinal)
    {
        ["auto"] = BackendKind.Auto,
        ["llama-server"] = BackendKind.LlamaServer,
        ["router"] = BackendKind.Router,
        ["llama-swap"] = BackendKind.LlamaSwap,
        ["ollama"] = BackendKind.Ollama,
        ["openai"] = BackendKind.OpenAi,
    };

    private static readonly MemberTable<BackendOptions> Members = new MemberTable<BackendOptions>()
        .With("url", ValueReaders.BackendUrl, (backend, value) => backend with { Url = value })
        .With("kind", ValueReaders.Named(Kinds), (backend, value) => backend with { Kind = value })
        .With("api_key", ValueReaders.Text, (backend, value) => backend with { ApiKey = value })
        .With("forward_api_key", ValueReaders.Boolean, (backend, value) => backend with { ForwardApiKey = value })
        .With("slot_directory", Schemas.Text, ReadFolder)
        .With("capacity", ValueReaders.Whole(1, 1024), (backend, value) => backend with { Capacity = (int)value });

    public static JsonObject Schema() => Schemas.MapOf(Members.Schema("url"));

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(Key, value, "an object, e.g. { \"desk\": { \"url\": \"http://localhost:8081\" } }");
            return options;
        }

        var read = value.Members.Select(member => Read(member.Key, member.Value, reading)).OfType<BackendOptions>();
        return options with { Backends = [.. read] };
    }

    private static BackendOptions? Read(string name, ConfigurationValue value, ConfigurationReading reading)
    {
        var key = $"{Key}.{name}";
        if (!ConfiguredName.IsValid(name))
            reading.Reject(new ConfigurationError(Key, value.Source, $"\"{name}\" as a name", ConfiguredName.Accepted));
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(key, value, "an object, e.g. { \"url\": \"http://localhost:8081\" }");
            return null;
        }

        if (!value.Members.Any(member => member.Key == "url"))
            reading.Reject($"{key}.url", value, "the server's address, e.g. \"http://localhost:8081\"");
        var read = Members.Read(new BackendOptions(name, NoUrl), key, value, reading);
        return ReferenceEquals(read.Url, NoUrl) ? null : read;
    }

    private static BackendOptions ReadFolder(
        BackendOptions backend, string key, ConfigurationValue value, ConfigurationReading reading) =>
        FolderReader.Read(key, value, mustExist: true, "", reading) is { } folder ? backend with { SlotDirectory = folder } : backend;
}
