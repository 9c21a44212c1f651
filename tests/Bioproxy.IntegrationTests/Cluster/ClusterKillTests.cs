using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>SIGKILL of a proxy at every step of a request's path: of the one that has the client, and of the one that schedules the
/// server.</summary>
public sealed class ClusterKillTests(ITestOutputHelper output)
{
    /// <summary>A silo is declared dead, its server gets another owner, and a slot is really idle.</summary>
    private static readonly TimeSpan ServedAgain = TimeSpan.FromSeconds(20);

    /// <param name="step">Where the request of the killed proxy, or of its guest, is.</param>
    /// <param name="isOwner">Whether the owner is killed, or the proxy that has the client.</param>
    [RedisTheory]
    [LongInlineData("reading", false)]
    [LongInlineData("waiting", false)]
    [LongInlineData("waiting", true)]
    [LongInlineData("restoring", false)]
    [InlineData("restoring", true)]
    [LongInlineData("restored", false)]
    [LongInlineData("restored", true)]
    [LongInlineData("computing", false)]
    [LongInlineData("computing", true)]
    [LongInlineData("streaming", false)]
    [LongInlineData("streaming", true)]
    [LongInlineData("saving", true)]
    public async Task Proxy_IsKilledAtAStep_OthersServeItsClientsRight(string step, bool isOwner)
    {
        var reference = await ReferenceServer.OfAsync(TinyArchitecture.Llama);
        var (conversation, other) = (new Conversation(1, turns: 3), new Conversation(2, turns: 1, firstWords: 2500));
        await conversation.LearnAsync(reference, isContinued: true);
        await other.LearnAsync(reference, isContinued: true);
        await using var group = await ProxyGroup.StartAsync(output, proxies: 3, servers: 1, parallel: 1, isRelayed: true);
        var owner = await group.OwnerOfAsync(group.Servers[0]);
        var (guest, third) = (group.Proxies[(owner + 1) % 3], group.Proxies[(owner + 2) % 3]);
        var victim = isOwner ? group.Proxies[owner] : guest;
        conversation.AssertRight(0, await guest.SendAsync(conversation.Request(0)));
        await group.Proxies[owner].WaitUntilSavedAsync(1);
        if (step is "restoring" or "restored")
            other.AssertRight(0, await third.SendAsync(other.Request(0))); // it takes the only slot

        using var under = await BeginAsync(step, group, group.Proxies[owner], guest, third, conversation, other);
        await victim.KillAsync();
        var watch = Stopwatch.StartNew();
        under.Release();

        if (isOwner)
            await under.AssertAnsweredAsync(); // its own proxy lives, and asks the next owner
        else
            await Assert.ThrowsAnyAsync<Exception>(under.AssertAnsweredAsync);
        output.WriteLine($"{step}: the request ended {watch.Elapsed.TotalSeconds:0.0} s after the kill");
        for (var turn = 1; turn < conversation.Turns; turn++)
        {
            var answer = await group.Next().SendAsync(conversation.Request(turn));
            output.WriteLine($"{watch.Elapsed.TotalSeconds:0.0} s after the kill: {answer}");
            conversation.AssertRight(turn, answer);
            if (turn == 1)
                Assert.InRange(watch.Elapsed, TimeSpan.Zero, ServedAgain);
            else
                Assert.InRange(answer.CachedTokens, conversation.Expected[turn - 1].PromptTokens - 8, answer.PromptTokens);
        }

        await group.WaitUntilNothingIsHeldAsync();
    }

    /// <summary>Brings a request of the guest to a step.</summary>
    private static async Task<Begun> BeginAsync(
        string step, ProxyGroup group, BioproxyRun owner, BioproxyRun guest, BioproxyRun third, Conversation conversation,
        Conversation other)
    {
        Task<Answer> asking;
        RelayHold hold;
        switch (step)
        {
            case "reading":
                var body = conversation.Request(1).ToJsonString();
                var half = $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {body.Length}\r\n\r\n{body[..(body.Length / 2)]}";
                var client = new TcpClient();
                await client.ConnectAsync(guest.Client.BaseAddress!.Host, guest.Client.BaseAddress.Port);
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(half));
                return new Begun(
                    async () => Assert.NotEqual(0, await client.GetStream().ReadAsync(new byte[1])), ended: client.Dispose);
            case "waiting":
                var occupying = await ProxyGroup.StreamAsync(third);
                asking = guest.SendAsync(conversation.Request(1));
                await Eventually.TrueAsync(
                    async () => (int)(await owner.StatusAsync())["queue"]!["interactive"]!["waiting"]! == 1,
                    Tolerances.Soon,
                    "it waits at the owner");
                return new Begun(RightAnswer(asking, conversation, 1), occupying.Dispose);
            case "restoring" or "restored":
                hold = group.RelayOf(group.Servers[0]).Hold("restore", isAnswered: step == "restored");
                asking = guest.SendAsync(conversation.Request(1));
                await hold.Stopped.DefaultTimeout();
                return new Begun(RightAnswer(asking, conversation, 1), hold.Release);
            case "computing":
                asking = guest.SendAsync(other.Request(0));
                await Eventually.TrueAsync(() => IsProcessingAsync(group.Servers[0]), Tolerances.Soon, "the server computes it");
                return new Begun(RightAnswer(asking, other, 0));
            case "streaming":
                var streaming = await ProxyGroup.StreamAsync(guest, tokens: 1500);
                return new Begun(
                    async () =>
                    {
                        var streamed = await streaming.Content.ReadAsStringAsync();
                        Assert.EndsWith("[DONE]", streamed.TrimEnd(), StringComparison.Ordinal);
                    },
                    ended: streaming.Dispose);
            default:
                hold = group.RelayOf(group.Servers[0]).Hold("save", isAnswered: true);
                asking = guest.SendAsync(conversation.Request(1));
                await hold.Stopped.DefaultTimeout();
                return new Begun(RightAnswer(asking, conversation, 1), hold.Release);
        }
    }

    private static Func<Task> RightAnswer(Task<Answer> asking, Conversation conversation, int turn) =>
        async () => conversation.AssertRight(turn, await asking.DefaultTimeout());

    private static async Task<bool> IsProcessingAsync(LlamaServer server)
    {
        var slots = JsonNode.Parse(await server.Client.GetStringAsync(new Uri("/slots", UriKind.Relative)))!.AsArray();
        return slots.Any(static slot => (bool)slot!["is_processing"]!);
    }

    /// <summary>A request that has come to a step.</summary>
    /// <param name="assertAnswered">Waits for its end: it has a right answer.</param>
    /// <param name="release">Lets it go on after the kill.</param>
    /// <param name="ended">When the test is over.</param>
    private sealed class Begun(Func<Task> assertAnswered, Action? release = null, Action? ended = null) : IDisposable
    {
        public Task AssertAnsweredAsync() => assertAnswered();

        public void Release() => release?.Invoke();

        public void Dispose() => ended?.Invoke();
    }
}
