using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>models</c>: a name for clients → where it is served, and its other names.</summary>
internal static class ModelsReader
{
    private const string Key = "models";
    private const string Example = "[\"desk\", \"swap/qwen3-coder\"]";

    private static readonly MemberTable<ModelOptions> Members = new MemberTable<ModelOptions>()
        .WithTexts("use", Example, (model, texts) => model with { Use = [.. texts.Select(Use)] })
        .WithTexts("aliases", "[\"gpt-4o\", \"claude-*\"]", (model, texts) => model with { Aliases = texts });

    public static JsonObject Schema() => Schemas.MapOf(Members.Schema("use"));

    /// <summary>Takes over other names of the same models. A model that comes, goes or moves needs a restart.</summary>
    public static ProxyOptions TakeAliases(ProxyOptions now, ProxyOptions next) =>
        now.Models.Select(Place).SequenceEqual(next.Models.Select(Place), StringComparer.Ordinal) ? now with { Models = next.Models } : now;

    private static string Place(ModelOptions model) => $"{model.Name}\n{string.Join('\n', model.Use)}";

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(Key, value, $"an object, e.g. {{ \"coder\": {{ \"use\": {Example} }} }}");
            return options;
        }

        var read = value.Members.Select(member => Read(member.Key, member.Value, reading)).OfType<ModelOptions>();
        return options with { Models = [.. read] };
    }

    private static ModelOptions? Read(string name, ConfigurationValue value, ConfigurationReading reading)
    {
        var key = $"{Key}.{name}";
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(key, value, $"an object, e.g. {{ \"use\": {Example} }}");
            return null;
        }

        reading.Accept(key, value);
        var model = Members.Read(new ModelOptions(name, [], []), key, value, reading);
        var use = value.Members.FirstOrDefault(member => member.Key == "use").Value;
        if (use is null or { Kind: ConfigurationValueKind.Array, Members.Count: 0 })
            reading.Reject($"{key}.use", use ?? value, $"the backends that serve it, e.g. {Example}");
        return model;
    }

    private static ModelUse Use(string text) =>
        text.IndexOf('/', StringComparison.Ordinal) is var slash && slash < 0 ? new(text, null) : new(text[..slash], text[(slash + 1)..]);
}
