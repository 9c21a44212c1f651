using System.Diagnostics.Metrics;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.UnitTests.Admin;
using MyPlugins;

namespace Bioproxy.UnitTests.Readme;

/// <summary>The README's tables are complete, and its plugin is one.</summary>
public sealed class ReadmeTests
{
    private static readonly string Root = RepositoryFolder.Root!;
    private static readonly string Text = File.ReadAllText(Path.Combine(Root, "README.md"));

    [Fact]
    public void ConfigurationTable_HasEveryKeyInOrderWithItsDefault()
    {
        using var example = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(Root, "config.example.json")), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var expected = ConfigurationKeys.All.Select(key => (Key: key.Name, Default: Default(key.Name.Split('.').Aggregate(example.RootElement, (json, name) => json.GetProperty(name)))));

        Assert.Equal(
            expected.Select(row => row.Key == "state_directory" ? (row.Key, "see below") : row),
            Rows("| Key ").Select(cells => (cells[0], cells[1])));
    }

    [Fact]
    public async Task MetricsTable_HasEveryInstrument()
    {
        await using var admin = new AdminFixture();
        var names = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => { if (ReferenceEquals(instrument.Meter, admin.Metrics.Meter)) names.Add(instrument.Name); } };
        listener.Start();

        Assert.Equal(names.Order(StringComparer.Ordinal), Rows("| Metric ").Select(cells => cells[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Plugin_OfTwentyLines_IsTheOneThatCompilesHere()
    {
        var code = Text.Split("```csharp\n")[1].Split("```")[0];

        Assert.Equal(File.ReadAllText(Path.Combine(Root, "tests", "Bioproxy.UnitTests", "Readme", "Brief.cs")), code);
        Assert.InRange(code.Trim().Split('\n').Length, 1, 20);
    }

    [Theory]
    [InlineData("user", "What is a proxy? !brief", "What is a proxy?\n\nAnswer in three sentences at most.")]
    [InlineData("user", "What is !brief about?", "What is !brief about?")]
    [InlineData("assistant", "Write !brief", "Write !brief")]
    public async Task Plugin_Message_DoesWhatTheTextSays(string role, string text, string expected)
    {
        var part = new PromptPart("text", text);
        var context = new PromptContext("1", PromptEndpoint.Chat, null, false, [new PromptMessage(role, [part])], default);

        await new Brief().TransformAsync(context, CancellationToken.None);

        Assert.Equal(expected, part.Text);
    }

    private static string Default(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Array or JsonValueKind.Object => "none",
        JsonValueKind.String => value.GetString()!,
        _ => value.ToString().ToLowerInvariant(),
    };

    /// <summary>The rows of the table that begins so, without its two head lines; cells without back quotes.</summary>
    private static IEnumerable<string[]> Rows(string head) => Text.Split('\n')
        .SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal))
        .TakeWhile(line => line.StartsWith('|'))
        .Skip(2)
        .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim(' ', '`')).ToArray());
}
