namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>backends</c>: name → address and kind.</summary>
internal static class BackendsReader
{
    private const string Key = "backends";

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

        var members = new MemberReader($"{key}.", value, reading);
        var url = members.Scalar("url", ValueReaders.Url("http://localhost:8081"));
        var read = new BackendOptions(name, url ?? new Uri("http://localhost:8081"))
        {
            Kind = members.Number("kind", ValueReaders.Named(Kinds)) ?? BackendKind.Auto,
            ApiKey = members.Scalar("api_key", ValueReaders.Text),
            SlotDirectory = members.Folder("slot_directory"),
            Capacity = (int?)members.Number("capacity", ValueReaders.Whole(1, 1024)),
        };
        members.End();
        if (!value.Members.Any(member => member.Key == "url"))
            reading.Reject($"{key}.url", value, "the server's address, e.g. \"http://localhost:8081\"");
        return url is null ? null : read;
    }

    private static Dictionary<string, BackendKind> Kinds { get; } = new(StringComparer.Ordinal)
    {
        ["auto"] = BackendKind.Auto,
        ["llama-server"] = BackendKind.LlamaServer,
        ["router"] = BackendKind.Router,
        ["llama-swap"] = BackendKind.LlamaSwap,
        ["ollama"] = BackendKind.Ollama,
        ["openai"] = BackendKind.OpenAi,
    };
}
