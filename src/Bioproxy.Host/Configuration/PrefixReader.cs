using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>prefixes</c>: trigger → template file.</summary>
internal static class PrefixReader
{
    private const string Key = "prefixes";

    private static readonly MemberTable<(ConfigurationValue Path, IReadOnlyList<string>? Models)> Members =
        new MemberTable<(ConfigurationValue Path, IReadOnlyList<string>? Models)>()
            .With("template", Schemas.Text, static (entry, _, value, _) => (value, entry.Models))
            .WithTexts("models", "[\"coder\"]", static (entry, texts) => (entry.Path, texts));

    public static JsonObject Schema() => Schemas.MapOf(Schemas.Any(Schemas.Text(), Members.Schema("template")));

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(Key, value, "an object, e.g. { \"@code\": \"templates/code.txt\" }");
            return options;
        }

        var prefixes = new List<KeyValuePair<string, string>>();
        var models = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (prefix, written) in value.Members)
        {
            // All are checked, so that all mistakes are reported.
            var isPrefix = IsPrefix(prefix, written, reading);
            var (path, wanted) = written.Kind == ConfigurationValueKind.Object
                ? Members.Read((written, null), $"{Key}.{prefix}", written, reading)
                : (written, null);
            if (wanted is not null)
                models[prefix] = wanted;
            var template = ReadTemplate(prefix, path, reading);
            if (isPrefix && template is not null)
                prefixes.Add(new(prefix, template));
        }

        return options with { Prefixes = prefixes, PrefixModels = models };
    }

    private static bool IsPrefix(string prefix, ConfigurationValue path, ConfigurationReading reading)
    {
        if (prefix.Length > 0 && !prefix.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)))
            return true;

        const string Expected = "one or more characters without white space, e.g. \"@code\"";
        reading.Reject(new ConfigurationError(Key, path.Source, $"\"{prefix}\" as a prefix", Expected));
        return false;
    }

    private static string? ReadTemplate(string prefix, ConfigurationValue path, ConfigurationReading reading)
    {
        var template = path.Kind == ConfigurationValueKind.Text ? reading.Resolve(path.Content) : null;
        if (template is not null && File.Exists(template))
            return template;

        var resolved = template is null ? "" : $" ({(Directory.Exists(template) ? "this is a folder" : "looked for")}: {template})";
        reading.Reject($"{Key}.{prefix}", path, $"the path of a template file that exists{resolved}");
        return null;
    }
}
