using Bioproxy.Testing;

namespace PluginNamespace.Tests;

public sealed class ReviseHandlerTests
{
    [Fact]
    public async Task Revise_ModelIsAskedTwice_TheClientGetsTheSecondAnswer()
    {
        await using var host = await PluginHarness.StartAsync(new PluginHarnessOptions
        {
            Plugins = [PluginHarness.FolderOf<ReviseHandler>()],
            Answer = request => HarnessAnswer.Text(request.Messages.Count > 1 ? "better" : "a draft"),
        });

        var result = await host.ChatAsync("/revise What is good?", stream: true);

        Assert.Equal("better", result.Text);
        Assert.Equal("What is good?", result.Backend[0].Messages[0].Text);
        Assert.Equal(2, result.Backend.Count);
    }
}
