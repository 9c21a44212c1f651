using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Clients leave at any time: the slot is free again soon.</summary>
[Collection(RunsAlone.Name)]
public sealed partial class LeavingClientTests(ITestOutputHelper output)
{
    private const int LongPrompt = 12_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_LeavesDuringPrefill_ServerStopsAndTheNextIsServed(bool isStreaming)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { BatchSize = 512 });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();
        var question = ChatProbe.Chat(("user", TemplateText.Of(1, LongPrompt)));
        question["stream"] = isStreaming;

        using (var leaving = new CancellationTokenSource())
        {
            var asked = proxy.SendAsync(question, leaving.Token);
            await WaitForQueueAsync(proxy, used: 1, waiting: 0);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked).DefaultTimeout();
        }

        var next = await proxy.AskAsync(("user", "Who is next?"));

        Assert.InRange(next.PromptTokens, 1, 100);
        await proxy.WaitUntilIdleAsync();
        var reached = Released(server).Max();
        output.WriteLine($"The server stopped at {reached} of {LongPrompt} tokens.");
        Assert.InRange(reached, 0, LongPrompt - 1);
    }

    /// <summary>
    /// Beside another stream the server alone would continue nearly to the end (measured: 6,132 of 7,000 tokens). Because the proxy asks
    /// for progress, the server writes after every batch and notices.
    /// </summary>
    [Fact]
    public async Task Client_LeavesDuringPrefillBesideAnotherStream_ServerStopsWithinAFewBatches()
    {
        const int Batch = 512;
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(
            workspace.ServerOptions(parallel: 2) with { BatchSize = Batch, ContextSize = 2 * 16384 });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();
        using var other = TestProxy.Request(Endless("Tell me everything."));
        using var streaming = await proxy.Client.SendAsync(other, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        var question = ChatProbe.Chat(("user", TemplateText.Of(1, LongPrompt)));
        question["stream"] = true;

        // The headers come with the first event, before anything is computed.
        using (var request = TestProxy.Request(question))
        using (var response = await proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout())
            Assert.Equal("cold", TestProxy.Header(response, "X-Bioproxy-Cache"));

        await WaitForQueueAsync(proxy, used: 1, waiting: 0);
        var reached = Released(server).Max();
        output.WriteLine($"The server stopped at {reached} of {LongPrompt} tokens.");
        Assert.InRange(reached, 0, 8 * Batch);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Client_LeavesDuringStream_ServerStopsAndTheNextIsServed(int parallel)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel));
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();

        for (var client = 0; client < 2 * parallel; client++)
        {
            using var request = TestProxy.Request(Endless($"Tell me everything, {client}."));
            using var response = await proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync().DefaultTimeout());
            for (var read = 0; read < 10; read++)
                Assert.NotNull(await lines.ReadLineAsync().DefaultTimeout());
        }

        var next = await proxy.AskAsync(("user", "Who is next?"));

        Assert.InRange(next.PromptTokens, 1, 100);
        await proxy.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Client_LeavesTheQueue_IsNeverSentToTheServer()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();

        using (var request = TestProxy.Request(Endless("Tell me everything.")))
        using (await proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout())
        {
            using var leaving = new CancellationTokenSource();
            var waiting = proxy.SendAsync(ChatProbe.Chat(("user", TemplateText.Of(1, 3_000))), leaving.Token);
            await WaitForQueueAsync(proxy, used: 1, waiting: 1);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).DefaultTimeout();
            await WaitForQueueAsync(proxy, used: 1, waiting: 0);
        }

        await proxy.WaitUntilIdleAsync();
        await proxy.AskAsync(("user", "Who is next?"));

        // The probe, the endless request and the next one: the prompt of three thousand tokens was never launched.
        Assert.Equal(3, Launches().Count(server.Log));
    }

    private static JsonObject Endless(string question)
    {
        var chat = ChatProbe.Chat(("user", question));
        chat["stream"] = true;
        chat["max_tokens"] = 1_000_000;
        return chat;
    }

    private static Task WaitForQueueAsync(TestProxy proxy, int used, int waiting) => Eventually.TrueAsync(
        async () => (await proxy.StatusAsync())["queue"] is { } queue && (int)queue["used"]! == used
            && (int)queue["interactive"]!["waiting"]! == waiting,
        DefaultTimeoutExtensions.Limit,
        $"{used} leases are held and {waiting} requests wait");

    private static IEnumerable<int> Released(LlamaServer server) =>
        Releases().Matches(server.Log).Select(
            match => int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));

    [GeneratedRegex(@" release: .* n_tokens = (\d+)")]
    private static partial Regex Releases();

    [GeneratedRegex(" launch_slot_: ")]
    private static partial Regex Launches();
}
