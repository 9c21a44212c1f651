using System.Text.Json;
using Bioproxy.Host.Configuration;
using Bioproxy.UnitTests.Configuration;

namespace Bioproxy.UnitTests.Readme;

/// <summary>docs/configuration.md against the table of keys, and every configuration in any document against the loader.</summary>
public sealed class ConfigurationDocumentTests
{
    private static readonly Document Page = Document.Of("docs/configuration.md");

    public static TheoryData<string, int> Examples()
    {
        var examples = new TheoryData<string, int>();
        foreach (var document in Document.All)
        {
            foreach (var block in document.Blocks.Where(block => block.Language == "jsonc"))
                examples.Add(document.Name, block.Line);
        }

        return examples;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_Loaded_HasNoMistake(string name, int line)
    {
        using var folder = new ConfigurationFolder();
        folder.Write("templates/code.txt", "<<message>>");
        folder.Write("templates/review.md", "<<message>>");
        Directory.CreateDirectory(Path.Combine(folder.Home, "llama-slots"));

        folder.Valid(Document.Of(name).Blocks.Single(block => block.Line == line).Text);
    }

    /// <summary>A row may be ahead of the code while it carries the mark for new keys.</summary>
    [Fact]
    public void Tables_Keys_AreThoseOfTheCodeWithTheirDefaults()
    {
        using var example = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(Document.Root, "config.example.json")),
            new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var expected = ConfigurationKeys.All
            .Select(key => (Key: key.Name, Default: Default(key.Name, Value(example.RootElement, key.Name))))
            .OrderBy(row => row.Key);
        var known = ConfigurationKeys.All.Select(key => key.Name).ToHashSet();

        var written = Page.Rows("Key")
            .Where(row => !row[0].Contains(Document.NewMark, StringComparison.Ordinal) || known.Contains(Document.SpansOf(row[0])[0]))
            .Select(row => (Key: Document.SpansOf(row[0])[0], Default: row[1].Trim('`')))
            .OrderBy(row => row.Key);

        Assert.Equal(expected, written);
    }

    [Fact]
    public void Tables_Options_AreThoseOfTheCode()
    {
        var expected = ConfigurationKeys.All.Where(key => key.Option is not null).Select(key => (key.Option!, key.Name));

        var written = Page.Rows("Option").Skip(1).Select(row => (Document.SpansOf(row[0])[0].Split(' ')[0], Document.SpansOf(row[1])[0]));

        Assert.Equal(expected, written);
    }

    [Fact]
    public void Text_KeysOfTheFileOnly_AreThoseWithoutAVariable()
    {
        var expected = ConfigurationKeys.All.Where(key => key.EnvironmentVariable is null).Select(key => key.Name);

        Assert.Equal(expected, Document.SpansOf(Page.Paragraph("These keys hold lists or objects")));
    }

    private static JsonElement Value(JsonElement root, string key) =>
        key.Split('.').Aggregate(root, (json, name) => json.GetProperty(name));

    private static string Default(string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null when key == "state_directory" => "see below", // depends on the machine
        JsonValueKind.Null or JsonValueKind.Array or JsonValueKind.Object => "none",
        JsonValueKind.String => value.GetString()!,
        _ => value.ToString().ToLowerInvariant(),
    };
}
