using Bioproxy.Testing;

namespace PluginNamespace.Tests;

public sealed class ShoutTransformTests
{
    [Fact]
    public async Task Chat_UserWritesSoftly_TheModelHearsItLoud()
    {
        await using var host = await PluginHarness.StartAsync(new PluginHarnessOptions
        {
            Plugins = [PluginHarness.FolderOf<ShoutTransform>()],
            Answer = request => HarnessAnswer.Text($"You said: {request.Messages[^1].Text}"),
        });

        var result = await host.ChatAsync("hello");

        Assert.Equal("You said: HELLO", result.Text);
    }
}
