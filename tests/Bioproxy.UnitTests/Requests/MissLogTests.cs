using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;

namespace Bioproxy.UnitTests.Requests;

public sealed class MissLogTests
{
    private readonly MissLog _log = new();

    [Fact]
    public void Read_Sums_AreByClientAndCauseAndTheCostliestFirst()
    {
        _log.Add(Miss("a", "qwen", MissCause.CurrentDate, 100));
        _log.Add(Miss("b", "qwen", MissCause.ToolOrder, 1000));
        _log.Add(Miss("c", "qwen", MissCause.CurrentDate, 200));

        var (sums, last) = _log.Read();

        Assert.Equal(
            [("tool_order", 1, 1000L, 10.0), ("current_date", 2, 300L, 3.0)],
            sums.Select(sum => (sum.Rule!, sum.Count, sum.Tokens, sum.Seconds)));
        Assert.Equal(["c", "b", "a"], last.Select(miss => miss.Id));
    }

    [Fact]
    public void Add_WithoutEnd_StaysWithinBounds()
    {
        for (var i = 0; i < 2000; i++)
            _log.Add(Miss($"r{i}", $"client{i}", MissCause.CurrentDate, 1));

        var (sums, last) = _log.Read();

        Assert.Equal(100, last.Count);
        Assert.Equal("r1999", last[0].Id);
        Assert.Equal(513, sums.Count);
        Assert.Equal(2000, sums.Sum(sum => sum.Count));
        Assert.Equal(1488, sums.Single(sum => sum.Client == MissLog.Others).Count);
    }

    [Theory]
    [InlineData("opencode/1.2.3 ai-sdk/5", "opencode")]
    [InlineData("claude-cli/2.1.0 (external, cli)", "claude-cli")]
    [InlineData("OpenAI", "OpenAI")]
    [InlineData("", "unknown")]
    [InlineData("  ", "unknown")]
    [InlineData("ümlaut/1", "unknown")]
    [InlineData("0123456789012345678901234567890123456789xyz", "0123456789012345678901234567890123456789")]
    public void ClientName_Of_IsTheProduct(string userAgent, string name) => Assert.Equal(name, ClientName.Of(userAgent));

    private static Miss Miss(string id, string client, MissCause cause, int tokens) => new()
    {
        Id = id,
        At = default,
        Client = client,
        Domain = null,
        Conversation = "c",
        Difference = new PromptDifference(1, "message 1 (system), its text", null) { Cause = cause, Role = "system" },
        LostTokens = tokens,
        LostSeconds = tokens / 100.0,
        PromptTokens = 5000,
        CachedTokens = 0,
    };
}
