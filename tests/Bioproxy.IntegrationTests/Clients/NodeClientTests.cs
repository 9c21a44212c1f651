using System.Diagnostics;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>The official clients for Node, the AI SDK and Ollama's among them, against a real llama-server: answers whole and streamed,
/// lists, errors as their own exceptions, and streams that wait for a slot.</summary>
public sealed class NodeClientTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [NodeTheory]
    [InlineData("openai-chat")]
    [InlineData("openai-responses")]
    [InlineData("openai-responses-helper")]
    [InlineData("openai-lists")]
    [InlineData("openai-errors")]
    [InlineData("anthropic-messages")]
    [InlineData("anthropic-errors")]
    [InlineData("ai-sdk-openai-compatible")]
    [InlineData("ai-sdk-anthropic")]
    [InlineData("ollama")]
    [InlineData("waiting")]
    public async Task Client_TalksToTheProxy_GetsWhatItExpects(string client)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, 512));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(
            server, options => options with { QueueKeepAlive = TimeSpan.FromMilliseconds(200) });
        await proxy.WaitUntilWarmAsync("@code");

        var (code, said) = await RunAsync(client, proxy.App.ProxyAddress, server.BaseAddress);

        output.WriteLine(said);
        Assert.True(code == 0, said);
    }

    private static async Task<(int Code, string Said)> RunAsync(string client, Uri proxy, Uri server)
    {
        var start = new ProcessStartInfo(
            "node", ["clients.mjs", client, .. new[] { proxy, server }.Select(static one => one.ToString().TrimEnd('/'))])
        {
            WorkingDirectory = NodeTheoryAttribute.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(Limit);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
