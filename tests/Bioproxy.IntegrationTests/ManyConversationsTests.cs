using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// More conversations than slots, and a server that is killed after every round: every answer is that of an undisturbed server, and almost
/// nothing is computed twice.
/// </summary>
public sealed class ManyConversationsTests(ITestOutputHelper output)
{
    private static readonly int Conversations = LongRun.IsOn ? 20 : 12; // three times the slots at least
    private const int Turns = 4;

    [Theory]
    [LongInlineData("Llama", false)]
    [LongInlineData("Llama", true)]
    [InlineData("Gemma3", false)]
    [LongInlineData("Gemma3", true)]
    [LongInlineData("Mamba", false)]
    [LongInlineData("Mamba", true)]
    public async Task Conversations_ServerKilledAfterEveryRound_AreAnsweredRightAndHardlyComputedTwice(string architecture, bool isShuffled)
    {
        await using var workspace = new Workspace(output);
        var model = Enum.Parse<TinyArchitecture>(architecture);
        workspace.UseModel(model);
        var conversations = await LearnAsync(model);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 4));
        await using var proxy = await workspace.StartProxyAsync(
            server, o => Keeping(o) with { KvDirectory = isShuffled ? workspace.Slots : null });
        await proxy.WaitUntilRecognisedAsync();

        var random = new Random(11);
        var counts = new SortedDictionary<string, int>();
        var (computed, unavoidable) = (0, 0);
        for (var turn = 0; turn < Turns; turn++)
        {
            var order = conversations.ToArray();
            if (isShuffled)
                random.Shuffle(order);
            foreach (var conversation in order)
            {
                var answer = await proxy.SendAsync(conversation.Request(turn), CancellationToken.None);
                AssertSame(conversation.Expected[turn], answer);
                computed += answer.ComputedTokens;
                unavoidable += conversation.NewTokens(turn);
                counts[$"{turn} {answer.Cache}"] = counts.GetValueOrDefault($"{turn} {answer.Cache}") + 1;
            }

            await proxy.WaitUntilAllSavedAsync();
            var instance = proxy.Instance;
            server = await workspace.RestartAsync(server);
            await proxy.WaitUntilRecognisedAsync(after: instance);
        }

        output.WriteLine($"{architecture}: computed {computed}, unavoidable {unavoidable}; {string.Join(", ", counts)}");
        Assert.True(computed <= Tolerances.ComputedAgain * unavoidable, $"computed {computed}, unavoidable {unavoidable}");
        Assert.Equal(Conversations, proxy.App.Snapshots.Count); // a newer state of a conversation replaces the older one
    }

    /// <summary>Without saving, the proxy is no worse than the server alone: no more is computed, and the answers are the same.</summary>
    /// <param name="save">kv.save.</param>
    /// <param name="canSave">Whether the server can save slots.</param>
    [Theory]
    [InlineData("Never", true)]
    [LongInlineData("Auto", false)]
    public async Task Conversations_NothingIsSaved_AreComputedNoMoreThanWithoutTheProxy(string save, bool canSave)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var conversations = (await LearnAsync(TinyArchitecture.Llama)).Take(LongRun.IsOn ? 8 : 2).ToList();
        var options = workspace.ServerOptions(parallel: 4) with { SlotSavePath = canSave ? workspace.Slots : null };
        var server = await workspace.StartServerAsync(options);
        var alone = await workspace.StartServerAsync(options);
        await using var proxy = await workspace.StartProxyAsync(server, o => Keeping(o) with { KvSave = Enum.Parse<SaveMode>(save) });
        await Eventually.TrueAsync(
            () => proxy.App.Model.Current.State.Status == BackendStatus.Ready, DefaultTimeoutExtensions.Limit, "the backend is ready");

        var (computed, without) = (0, 0);
        for (var turn = 0; turn < Turns; turn++)
        {
            for (var repeat = 0; repeat < 2; repeat++) // the second time it is in the server's own caches
            {
                foreach (var conversation in conversations)
                {
                    var answer = await proxy.SendAsync(conversation.Request(turn), CancellationToken.None);
                    AssertSame(conversation.Expected[turn], answer);
                    computed += answer.ComputedTokens;
                    using var direct = await alone.Client.SendAsync(TestProxy.Request(conversation.Request(turn))).DefaultTimeout();
                    without += (int)JsonNode.Parse(await direct.Content.ReadAsStringAsync().DefaultTimeout())!["timings"]!["prompt_n"]!;
                }
            }

            var instance = proxy.Instance;
            server = await workspace.RestartAsync(server);
            alone = await workspace.RestartAsync(alone);
            await Eventually.TrueAsync(
                () => proxy.Instance > instance && proxy.App.Model.Current.State.Status == BackendStatus.Ready,
                DefaultTimeoutExtensions.Limit,
                "the new server is noticed");
        }

        output.WriteLine($"computed {computed}, without the proxy {without}");
        Assert.True(computed <= Tolerances.BesideAlone * without, $"computed {computed}, without the proxy {without}");
        Assert.Equal(0, proxy.App.Snapshots.Count);
    }

    private static ProxyOptions Keeping(ProxyOptions options) => options with
    {
        KvMinTokens = 128,
        KvIdleSave = TimeSpan.FromMilliseconds(200),
    };

    private static void AssertSame(Answer expected, Answer answer)
    {
        AssertSameText(expected, answer);
        Assert.Equal(expected.PromptTokens, answer.PromptTokens);
        Assert.InRange(ChatProbe.MaxDifference(expected.First, answer.First), 0, Tolerances.OtherSplit);
    }

    /// <summary>The same text; where it differs, the reference server found the two tokens closer to each other than the noise.</summary>
    private static void AssertSameText(Answer expected, Answer answer)
    {
        if (expected.Text == answer.Text)
            return;
        var (one, two) = (expected.Body["choices"]![0]!["logprobs"]!["content"]!.AsArray(),
            answer.Body["choices"]![0]!["logprobs"]!["content"]!.AsArray());
        var at = Enumerable.Range(0, Math.Min(one.Count, two.Count)).First(i => (string)one[i]!["token"]! != (string)two[i]!["token"]!);
        var alternatives = one[at]!["top_logprobs"]!.AsArray().Select(t => ((string)t!["token"]!, (double)t["logprob"]!)).ToList();
        var gap = alternatives.Max(a => a.Item2) - alternatives.First(a => a.Item1 == (string)two[at]!["token"]!).Item2;
        Assert.True(gap < Tolerances.OtherSplit,
            $"'{expected.Text}' became '{answer.Text}': token {at} differs, and they were {gap:0.000} apart");
    }

    private static async Task<List<Conversation>> LearnAsync(TinyArchitecture architecture)
    {
        var reference = await ReferenceServer.OfAsync(architecture);
        var conversations = Enumerable.Range(1, Conversations).Select(n => new Conversation(n, Turns)).ToList();
        foreach (var conversation in conversations)
            await conversation.LearnAsync(reference, isContinued: true);
        return conversations;
    }
}
