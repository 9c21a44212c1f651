using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>config.example.json, which is part of the program: every key with its default, and a comment above it. What people read about a
/// key is written there once.</summary>
internal static class ExampleConfiguration
{
    private static readonly Lazy<string> LazyText = new(Read);
    private static readonly Lazy<Dictionary<string, string>> Descriptions = new(ReadDescriptions);

    public static string Text => LazyText.Value;

    /// <summary>The comment above a key; an object's own for the object, empty for none.</summary>
    public static string DescriptionOf(string key) => Descriptions.Value.GetValueOrDefault(key, "");

    /// <summary>The default of a key.</summary>
    public static JsonNode? DefaultOf(string key)
    {
        if (key == "prefixes")
            return new JsonObject(); // what the example has there are examples
        var root = JsonNode.Parse(
            Text,
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return key.Split('.').Aggregate(root, (node, name) => node![name])?.DeepClone();
    }

    private static string Read()
    {
        using var stream = typeof(ExampleConfiguration).Assembly.GetManifestResourceStream("config.example.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static Dictionary<string, string> ReadDescriptions()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        var (section, comment, last) = ("", new List<string>(), "");
        foreach (var line in Text.Split('\n').Select(static line => line.Trim()))
        {
            if (line.StartsWith("// ----", StringComparison.Ordinal) || line.Length == 0)
            {
                comment.Clear();
            }
            else if (line.StartsWith("//", StringComparison.Ordinal))
            {
                comment.Add(line[2..].Trim());
            }
            else if (line.StartsWith('"') && line.IndexOf('"', 1) is var end and > 0)
            {
                var key = section + line[1..end];
                all[key] = last = comment.Count > 0 ? string.Join(' ', comment) : last; // keys of one comment follow each other
                comment.Clear();
                if (line.EndsWith('{'))
                    (section, last) = ($"{key}.", "");
            }
            else if (line.StartsWith('}'))
            {
                section = "";
            }
        }

        return all;
    }
}
