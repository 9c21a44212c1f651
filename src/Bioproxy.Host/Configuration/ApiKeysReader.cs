using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>api_keys</c>: name → key, and what it may do.</summary>
internal static class ApiKeysReader
{
    public const string Key = "api_keys";

    private const string Example = "{ \"alice\": { \"key\": \"sha256:…\" } }; bioproxy key new NAME prints an entry";

    /// <summary>Until the key was read.</summary>
    private static readonly KeyHash NoHash = new("");

    private static readonly Dictionary<string, PromptLane> Lanes = new(StringComparer.Ordinal)
    {
        ["interactive"] = PromptLane.Interactive,
        ["batch"] = PromptLane.Batch,
    };

    private static readonly MemberTable<ApiKeyOptions> Table = new MemberTable<ApiKeyOptions>()
        .With("key", KeySchema, ReadKey)
        .With("lane", ValueReaders.Named(Lanes), (key, value) => key with { Lane = value })
        .WithTexts("models", "[\"coder\", \"claude-*\"]", (key, value) => key with { Models = value })
        .With("requests_per_minute", ValueReaders.Whole(1, 1_000_000), (key, value) => key with { RequestsPerMinute = value })
        .With("tokens_per_minute", ValueReaders.Whole(1, 1_000_000_000), (key, value) => key with { TokensPerMinute = value })
        .With("full_access", ValueReaders.Boolean, (key, value) => key with { HasFullAccess = value });

    /// <summary>The members of one entry, for the documentation's tests.</summary>
    public static IEnumerable<string> Members => Table.Names;

    public static JsonObject Schema() => Schemas.MapOf(Schemas.Any(KeySchema(), Table.Schema("key")));

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(Key, value, $"an object, e.g. {Example}");
            return options;
        }

        var keys = value.Members.Select(member => ReadEntry(member.Key, member.Value, reading)).OfType<ApiKeyOptions>().ToList();
        foreach (var twice in keys.GroupBy(key => key.Hash).Where(same => same.Count() > 1))
        {
            var names = string.Join(" and ", twice.Select(key => key.Name));
            reading.Reject(new ConfigurationError(Key, value.Source, $"one key for {names}", "a key of its own for each name"));
        }

        return options with { ApiKeys = keys };
    }

    private static ApiKeyOptions? ReadEntry(string name, ConfigurationValue value, ConfigurationReading reading)
    {
        var key = $"{Key}.{name}";
        if (!ConfiguredName.IsValid(name))
            reading.Reject(new ConfigurationError(Key, value.Source, $"\"{name}\" as a name", ConfiguredName.Accepted));
        var start = new ApiKeyOptions(name, NoHash);
        if (value.Kind == ConfigurationValueKind.Text)
            return Complete(ReadKey(start, key, value, reading));
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(key, value, $"an object or a text, e.g. {Example}");
            return null;
        }

        if (!value.Members.Any(member => member.Key == "key"))
            reading.Reject(new ConfigurationError($"{key}.key", value.Source, null, $"is missing; expected {KeyReader.Accepted}"));
        return Complete(Table.Read(start, key, value, reading));
    }

    private static JsonObject KeySchema() => Schemas.Pattern(KeyReader.Pattern);

    private static ApiKeyOptions? Complete(ApiKeyOptions read) => ReferenceEquals(read.Hash, NoHash) ? null : read;

    private static ApiKeyOptions ReadKey(ApiKeyOptions entry, string key, ConfigurationValue value, ConfigurationReading reading) =>
        KeyReader.Read(key, value, reading) is { } read ? entry with { Hash = read.Hash } : entry;
}
