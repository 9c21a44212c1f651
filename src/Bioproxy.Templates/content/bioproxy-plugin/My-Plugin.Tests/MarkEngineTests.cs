using Bioproxy.Testing;

namespace PluginNamespace.Tests;

public sealed class MarkEngineTests
{
    [Fact]
    public async Task Prefix_TemplateOfThisKind_IsRendered()
    {
        await using var host = await PluginHarness.StartAsync(new PluginHarnessOptions
        {
            Plugins = [PluginHarness.FolderOf<MarkEngine>()],
            Templates = { ["@terse"] = new("Be terse. $MESSAGE", ".mark") },
            Answer = _ => HarnessAnswer.Text("Yes."),
        });

        var result = await host.ChatAsync("@terse Is it so?");

        Assert.Equal("Be terse. Is it so?", result.Backend[0].Messages[0].Text);
        Assert.StartsWith("Be terse. ", await host.StaticPrefixOfAsync("@terse"), StringComparison.Ordinal); // the static prefix
    }
}
