using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Requests;

/// <summary>What requests leave in the miss report.</summary>
public sealed class MissReportTests
{
    private static readonly string Rules = string.Concat(Enumerable.Range(0, 300).Select(i => $"Rule {i} of this house. "));

    [Fact]
    public async Task Send_ATimeBeforeTheRules_IsReportedWithItsClient()
    {
        await using var path = new RequestPathFixture();
        await path.SendAsync(Chat("It is 10:41."));
        await path.SendAsync(Chat("Who is there?")); // takes the slot

        var (_, _, id) = await path.SendAsync(
            Chat("It is 10:42."), ("User-Agent", "opencode/1.2.3"), ("X-Session-Id", "secret-session"));

        var miss = Assert.Single(path.Log.Misses.Read().Last, miss => miss.Id == id);
        Assert.Equal(("opencode", MissCause.CurrentTime, "current_time"), (miss.Client, miss.Difference.Cause, miss.Difference.Rule));
        Assert.InRange(miss.LostTokens, 512, miss.PromptTokens);
        Assert.True(miss.LostSeconds > 0);
        Assert.Null(miss.Difference.Excerpt);
        Assert.DoesNotContain("secret", miss.Conversation, StringComparison.Ordinal);
        var explanation = path.Log.Find(id)!;
        Assert.Equal(
            (miss.LostTokens, miss.Conversation, "X-Session-Id"),
            (explanation.LostTokens, explanation.Conversation.ToString(), explanation.ConversationSource));
    }

    [Fact]
    public async Task Send_AConversationContinues_NothingIsReported()
    {
        await using var path = new RequestPathFixture();
        var (_, _, first) = await path.SendAsync(Chat("Be brief."));
        var (_, _, second) = await path.SendAsync(Chat("Be brief.").Replace(
            "}]", """},{"role":"assistant","content":"a"},{"role":"user","content":"And now?"}]""", StringComparison.Ordinal));

        Assert.Empty(path.Log.Misses.Read().Last);
        Assert.Null(path.Log.Find(first)!.LostTokens);
        Assert.Null(path.Log.Find(second)!.LostTokens);
    }

    [Fact]
    public async Task Send_ExcerptsWanted_BothWordsAreQuoted()
    {
        await using var path = new RequestPathFixture(o => o with { ExplainExcerpts = true });
        await path.SendAsync(Chat("It is 10:41."));
        await path.SendAsync(Chat("Who is there?"));
        await path.SendAsync(Chat("It is 10:42."));

        var miss = path.Log.Misses.Read().Last[0];

        Assert.StartsWith("2.", miss.Difference.Excerpt, StringComparison.Ordinal);
        Assert.StartsWith("1.", miss.Difference.Was, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_OneTokenForAShortMessage_IsExplainedAsAProbe()
    {
        await using var path = new RequestPathFixture();

        var (_, _, id) = await path.SendAsync("""{"max_tokens":1,"messages":[{"role":"user","content":"quota"}]}""");

        Assert.Equal((SideKind.Probe, "first messages"), (path.Log.Find(id)!.Side, path.Log.Find(id)!.ConversationSource));
    }

    [Fact]
    public async Task Send_HeaderOfASubAgent_IsExplainedAsOne()
    {
        await using var path = new RequestPathFixture();

        var (_, _, id) = await path.SendAsync(Chat("Be brief."), ("X-Claude-Code-Agent-Id", "a-1"));

        Assert.Equal(SideKind.SubAgent, path.Log.Find(id)!.Side);
    }

    private static string Chat(string beginning) =>
        $$"""{"messages":[{"role":"system","content":"{{beginning}} {{Rules}}"},{"role":"user","content":"Hello?"}]}""";
}
