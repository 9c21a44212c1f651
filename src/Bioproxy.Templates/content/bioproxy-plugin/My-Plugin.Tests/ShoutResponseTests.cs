using Bioproxy.Testing;

namespace PluginNamespace.Tests;

public sealed class ShoutResponseTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Chat_ModelAnswersSoftly_TheClientHearsItLoud(bool stream)
    {
        await using var host = await PluginHarness.StartAsync(new PluginHarnessOptions
        {
            Plugins = [PluginHarness.FolderOf<ShoutResponse>()],
            Answer = _ => HarnessAnswer.Text("Good morning.", chunkSize: 1), // streamed one character at a time
        });

        var result = await host.ChatAsync("hello", stream);

        Assert.Equal("GOOD MORNING.", result.Text);
    }
}
