using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>pool</c>: the models that the proxy starts llama-servers for, and the limits of all together.</summary>
internal static class PoolReader
{
    private const string Key = "pool";

    private const string ModelExample = "{ \"command\": \"llama-server -m ~/models/qwen.gguf --port ${port}\" }";

    private static readonly ValueReader<PortRange> Ports = new(
        ConfigurationValueKind.Text, "two ports from 1 to 65535 with a dash, e.g. \"9100-9199\"", PortRange.TryParse);

    private static readonly ValueReader<string> Hf = new(
        ConfigurationValueKind.Text, "a repository as llama-server's -hf takes it, e.g. \"org/repo:Q4_K_M\"", TryHf);

    private static readonly ValueReader<string> Gpu = new(
        ConfigurationValueKind.Text,
        "\"auto\" for the one with the most free memory, or a value for CUDA_VISIBLE_DEVICES, e.g. \"0\" or \"0,1\"",
        static (string text, [MaybeNullWhen(false)] out string value) =>
            (value = text).Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is ',' or '-'));

    private static readonly MemberTable<PoolModelOptions> ModelMembers = new MemberTable<PoolModelOptions>()
        .With("command", Schemas.Text, ReadCommand)
        .With("hf", Hf, (model, value) => model with { Hf = value })
        .With("arguments", () => Schemas.Of(ConfigurationValueKind.Text), ReadArguments)
        .With(
            "idle_unload_seconds",
            ValueReaders.SecondsOrZero("never"),
            (model, value) => model with { IdleUnload = value })
        .With("preload", ValueReaders.Boolean, (model, value) => model with { Preload = value })
        .With("env", EnvironmentSchema, ReadEnvironment)
        .WithOptional("memory", ValueReaders.Size, (model, value) => model with { Memory = value })
        .WithOptional("gpu", Gpu, (model, value) => model with { Gpu = value });

    private static readonly MemberTable<PoolOptions> PoolMembers = new MemberTable<PoolOptions>()
        .With("models", () => Schemas.MapOf(ModelMembers.Schema()), ReadModels)
        .With("llama_server", Schemas.Text, ReadProgram)
        .With("max_loaded", ValueReaders.Whole(1, 1024), (pool, value) => pool with { MaxLoaded = (int)value })
        .WithOptional("memory", ValueReaders.Size, (pool, value) => pool with { Memory = value })
        .With("ports", Ports, (pool, value) => pool with { Ports = value })
        .With("min_loaded_seconds", ValueReaders.SecondsOrZero("at once"), (pool, value) => pool with { MinLoaded = value })
        .With("start_seconds", ValueReaders.Seconds(0.1), (pool, value) => pool with { StartLimit = value });

    /// <summary>The members of <c>pool</c> and of one of its models, for the documentation's tests.</summary>
    public static (IEnumerable<string> Pool, IEnumerable<string> Model) Members => (PoolMembers.Names, ModelMembers.Names);

    public static JsonObject Schema() => Schemas.OrNull(PoolMembers.Schema("models"));

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind == ConfigurationValueKind.Null)
            return options with { Pool = null };
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(Key, value, $"an object, e.g. {{ \"models\": {{ \"qwen\": {ModelExample} }} }}, or null");
            return options;
        }

        var pool = PoolMembers.Read(new PoolOptions(), Key, value, reading);
        if (value.Members.All(member => member.Key != "models"))
            reading.Reject(new ConfigurationError(Key, value.Source, null, $"\"models\" is missing: {{ \"qwen\": {ModelExample} }}"));
        return options with { Pool = pool };
    }

    private static PoolOptions ReadModels(PoolOptions pool, string key, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Object || value.Members.Count == 0)
        {
            reading.Reject(key, value, $"an object with at least one model, e.g. {{ \"qwen\": {ModelExample} }}");
            return pool;
        }

        return pool with { Models = [.. value.Members.Select(member => ReadModel(key, member.Key, member.Value, reading))] };
    }

    private static PoolModelOptions ReadModel(string models, string name, ConfigurationValue value, ConfigurationReading reading)
    {
        var model = new PoolModelOptions(name);
        var key = $"{models}.{name}";
        if (name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '/' or '\\'))
        {
            const string Accepted = "one or more characters without white space and slashes, e.g. \"qwen\"";
            reading.Reject(new ConfigurationError(models, value.Source, $"\"{name}\" as the name of a model", Accepted));
        }

        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(key, value, $"an object, e.g. {ModelExample}");
            return model;
        }

        var sources = value.Members.Count(member => member.Key is "command" or "hf");
        if (sources != 1)
        {
            var problem = sources == 0 ? "neither \"command\" nor \"hf\" is given" : "both \"command\" and \"hf\" are given";
            reading.Reject(new ConfigurationError(key, value.Source, null, $"{problem}; expected one of them"));
        }

        return ModelMembers.Read(model, key, value, reading);
    }

    private static PoolModelOptions ReadCommand(
        PoolModelOptions model, string key, ConfigurationValue value, ConfigurationReading reading)
    {
        if (ReadWords(key, value, reading) is not { } words)
            return model;
        if (words.Any(word => word.Contains(CommandLineText.Port, StringComparison.Ordinal)))
            return model with { Command = words };
        reading.Reject(key, value, "a command with ${port}, e.g. \"llama-server -m ~/models/qwen.gguf --port ${port}\"");
        return model;
    }

    private static PoolModelOptions ReadArguments(
        PoolModelOptions model, string key, ConfigurationValue value, ConfigurationReading reading) =>
        ReadWords(key, value, reading) is { } words ? model with { Arguments = words } : model;

    private static IReadOnlyList<string>? ReadWords(string key, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Text)
        {
            reading.Reject(key, value, "a string, split at blanks; quotes keep text together");
            return null;
        }

        var (words, problem) = CommandLineText.Split(value.Content, reading.HomeDirectory);
        if (problem is not null)
            reading.Reject(key, value, problem);
        return words;
    }

    private static PoolModelOptions ReadEnvironment(
        PoolModelOptions model, string key, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind == ConfigurationValueKind.Object && value.Members.All(IsVariable))
            return model with { Environment = value.Members.ToDictionary(member => member.Key, member => member.Value.Content) };
        reading.Reject(key, value, "an object of names and strings, e.g. { \"GGML_CUDA_ENABLE_UNIFIED_MEMORY\": \"1\" }");
        return model;
    }

    private static JsonObject EnvironmentSchema() =>
        Schemas.MapOf(Schemas.Any(Schemas.Of(ConfigurationValueKind.Text), Schemas.Of(ConfigurationValueKind.Number)));

    private static bool IsVariable(KeyValuePair<string, ConfigurationValue> member) =>
        member is { Key.Length: > 0, Value.Kind: ConfigurationValueKind.Text or ConfigurationValueKind.Number }
            && !member.Key.Contains('=', StringComparison.Ordinal);

    /// <summary>A path is resolved; a plain name stays one, because it is searched in PATH.</summary>
    private static PoolOptions ReadProgram(PoolOptions pool, string key, ConfigurationValue value, ConfigurationReading reading)
    {
        var isName = value.Content.Length > 0 && !value.Content.AsSpan().ContainsAny('/', '\\');
        var program = isName ? value.Content : reading.Resolve(value.Content);
        if (value.Kind == ConfigurationValueKind.Text && program is not null)
            return pool with { LlamaServer = program };
        reading.Reject(key, value, "a program: a path, or a name that is searched in PATH, e.g. \"llama-server\"");
        return pool;
    }

    private static bool TryHf(string text, out string value)
    {
        value = text;
        var at = text.IndexOf('/', StringComparison.Ordinal);
        return at > 0 && at < text.Length - 1 && !text.StartsWith('-') && !text.Any(char.IsWhiteSpace);
    }
}
