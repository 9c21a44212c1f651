using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Json;

namespace Bioproxy.Host;

/// <summary>What <c>bioproxy init</c> writes: the answers, each below what config.example.json says of its key.</summary>
/// <param name="Backend">The server.</param>
/// <param name="SlotFolder">The folder of its saved slots; null for none.</param>
/// <param name="Key">The hash of the key that other machines need; null where they may not connect.</param>
internal sealed record InitialConfiguration(FoundServer Backend, string? SlotFolder, KeyHash? Key)
{
    public const string KeyName = "me";

    /// <summary>The example of a template, beside the configuration.</summary>
    public const string Template = "templates/code.txt";

    private const int Width = 116;

    public string ToText()
    {
        var text = new StringBuilder();
        text.Append("// Bioproxy's configuration, begun by \"bioproxy init\". Comments and trailing commas are allowed.\n");
        text.Append("// config.example.json and docs/configuration.md have every key; \"bioproxy check\" checks this file.\n{\n");
        text.Append("  // Editors complete and check the file by it.\n  \"$schema\": \"config.schema.json\",\n\n");
        Add(text, "  ", "backend_url", Json(Backend.Url.OriginalString), Backend.Kind);
        if (Key is not null)
        {
            Add(text, "  ", "proxy_host", Json("0.0.0.0"));
            Add(text, "  ", "api_keys", $"{{ {Json(KeyName)}: {{ \"key\": {Json(Key.ToString())} }} }}");
        }

        text.Append("  \"kv\": {\n");
        Add(text, "    ", "kv.directory", SlotFolder is null ? "null" : Json(SlotFolder));
        text.Length--; // no empty line at the end of the object
        text.Append("  },\n\n");
        Add(text, "  ", "prefixes", $"{{\n    \"@code\": {Json(Template)}, // an example: \"@code How do I reverse a string?\"\n  }}");
        text.Length--;
        return text.Append("}\n").ToString();
    }

    private static void Add(StringBuilder text, string indent, string key, string value, string note = "")
    {
        foreach (var line in Wrap(ExampleConfiguration.DescriptionOf(key), Width - indent.Length))
            text.Append(indent).Append("// ").Append(line).Append('\n');
        text.Append(indent).Append(Json(key.Split('.')[^1])).Append(": ").Append(value).Append(',');
        text.Append(note.Length > 0 ? $" // {note}" : "").Append("\n\n");
    }

    private static string Json(string text) => JsonValue.Create(text).ToJsonString(JsonWriting.Relaxed);

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + word.Length >= width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }
}
