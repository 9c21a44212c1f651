using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Plugins;
using MyPlugins;
using NSubstitute;

namespace Bioproxy.UnitTests.Readme;

/// <summary>docs/plugins.md: its examples are files that compile here, its tables are complete.</summary>
public sealed class PluginDocumentTests
{
    private static readonly Document Page = Document.Of("docs/plugins.md");

    [Fact]
    public void Examples_OfCSharp_AreThoseThatCompileHere()
    {
        var folder = Path.Combine(Document.Root, "tests", "Bioproxy.UnitTests", "Readme");
        string[] files = [Path.Combine(folder, "Brief.cs"), Path.Combine(folder, "Reminder.cs")];

        var written = Document.All.SelectMany(document => document.Blocks).Where(block => block.Language == "csharp");

        Assert.Equal(files.Select(File.ReadAllText), written.Select(block => block.Text));
    }

    [Theory]
    [InlineData("user", "What is a proxy? !brief", "What is a proxy?\n\nAnswer in three sentences at most.")]
    [InlineData("user", "What is !brief about?", "What is !brief about?")]
    [InlineData("assistant", "Write !brief", "Write !brief")]
    public async Task Brief_Message_GetsItsInstruction(string role, string text, string expected)
    {
        var part = new PromptPart("text", text);

        await new Brief().TransformAsync(Prompt(role, part), CancellationToken.None);

        Assert.Equal(expected, part.Text);
    }

    [Theory]
    [InlineData("{}", "Hello\n\nAnswer in English.")]
    [InlineData("""{ "text": "Be brief." }""", "Hello\n\nBe brief.")]
    public async Task Reminder_Settings_AreUsed(string settings, string expected)
    {
        var services = Substitute.For<IPluginServices>();
        services.Settings.Returns(Encoding.UTF8.GetBytes(settings));
        var part = new PromptPart("text", "Hello");

        await new Reminder(services).TransformAsync(Prompt("user", part), CancellationToken.None);

        Assert.Equal(expected, part.Text);
    }

    [Fact]
    public void Table_Plugins_AreAllThatHaveAReadme()
    {
        var there = Directory.EnumerateDirectories(Path.Combine(Document.Root, "plugins"))
            .Where(folder => File.Exists(Path.Combine(folder, "README.md")))
            .Select(folder => Path.GetFileName(folder));

        var written = Page.Rows("Plugin").Select(row => row[0].Split(']')[0].TrimStart('['));

        Assert.Equal(there.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Table_States_AreThoseOfTheCode() =>
        Assert.Equal(Enum.GetValues<PluginState>().Select(AdminJson.Name), Page.Rows("State").Select(row => row[0].Trim('`')));

    [Fact]
    public void Table_Kinds_AreThoseOfTheProjectTemplate()
    {
        using var template = JsonDocument.Parse(File.ReadAllText(CommandCheck.ProjectTemplate));
        var contract = typeof(IPromptTransform).Assembly;

        Assert.Equal(CommandCheck.KindsOf(template), Page.Rows("`--kind`").Select(row => row[0].Trim('`')));
        Assert.All(Page.Rows("`--kind`"), row => Assert.NotNull(contract.GetType($"Bioproxy.Abstractions.{row[1].Trim('`')}")));
    }

    private static PromptContext Prompt(string role, PromptPart part) =>
        new("1", PromptEndpoint.Chat, null, false, [new PromptMessage(role, [part])], default);
}
