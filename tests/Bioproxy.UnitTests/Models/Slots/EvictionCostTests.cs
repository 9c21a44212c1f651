using System.Text;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class EvictionCostTests
{
    private static readonly Rates Backend = new(
        Prefill: 1000, Restore: 1e9, Save: 2e9, TokensPerByte: 0.25, BytesPerToken: 1e5, RollBack: 1, HasRam: true, HasSaved: true);

    [Theory]
    [InlineData(1, false, 0, 0.4)]
    [InlineData(2, false, 0, 0.8)]
    [InlineData(9, false, 0, 0.8)]
    [InlineData(0, false, 0, 0.8)] // a template
    [InlineData(5, true, 0, 0.02)]
    [InlineData(2, false, 1800, 0.4)]
    [InlineData(2, false, 3600, 0.2)]
    [InlineData(2, false, -10, 0.8)]
    public void ChanceOfReturn_TurnsAndRest_HalvesEveryHalfHour(int turns, bool isSide, double rested, double chance) =>
        Assert.Equal(
            chance,
            EvictionCost.ChanceOfReturn(Content(4000) with { Turns = turns, IsSide = isSide, UsedAt = 5000 }, 5000 + rested),
            6);

    [Fact]
    public void Of_NothingSaved_IsItsPrefillTimesTheChance() => Assert.Equal(4 * 0.4, EvictionCost.Of(Content(4000), Backend, 0), 6);

    [Fact]
    public void Of_APrefixIsSaved_IsThatOfTheRest()
    {
        var content = Content(4000) with { Saved = new SavedPrefix("a.bin", 3000, Content(3000).Chain, IsConversation: false) };

        Assert.Equal(1 * 0.4, EvictionCost.Of(content, Backend, 0), 6);
    }

    [Theory]
    [InlineData(nameof(SideKind.Task), 0, true)]
    [InlineData(nameof(SideKind.SubAgent), 0, false)]
    [InlineData(nameof(SideKind.SubAgent), 100, false)]
    [InlineData(nameof(SideKind.SubAgent), 130, true)]
    [InlineData(nameof(SideKind.None), 5000, false)] // a conversation that is too short to be kept
    public void IsOver_SideRequests_HaveTheirAnswerAndSubAgentsUseTools(string side, double idle, bool isOver)
    {
        var content = Content(4000) with { IsSide = true, Side = Enum.Parse<SideKind>(side), UsedAt = 50 };

        Assert.Equal(isOver, EvictionCost.IsOver(content, 50 + idle));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void IsOver_OfAKindThatIsRepeated_WhenItIsSaved(bool isSaved, bool isOver) => Assert.Equal(
        isOver,
        EvictionCost.IsOver(Content(4000) with { Side = SideKind.Compaction, IsRepeated = true, IsSaved = isSaved }, 0));

    [Fact]
    public void Of_ASubAgentAtWork_IsThatOfAConversation()
    {
        var content = Content(4000) with { IsSide = true, Side = SideKind.SubAgent };

        Assert.Equal(EvictionCost.Of(Content(4000), Backend, 0), EvictionCost.Of(content, Backend, 0));
        Assert.Equal(EvictionCost.Of(content with { Side = SideKind.None }, Backend, 500), EvictionCost.Of(content, Backend, 500), 6);
    }

    [Fact]
    public void Of_AllIsSaved_IsNone() => Assert.Equal(0, EvictionCost.Of(Content(4000) with { IsSaved = true }, Backend, 0));

    [Fact]
    public void HeldTokens_AnswerReportedTheTokens_CountsTheseAndElseTheText()
    {
        Assert.Equal(4000, EvictionCost.HeldTokens(Content(4000), Backend));
        Assert.Equal(1000, EvictionCost.HeldTokens(Content(4000) with { Tokens = 0 }, Backend));
        Assert.Equal(250, EvictionCost.HeldTokens(new SlotContent(Content(4000).Chain, 0.25, IsSaved: false), Backend));
    }

    [Fact]
    public void OfSaving_RateIsKnown_IsTheTimeAndTheWear() => Assert.Equal(0.2 + 0.4, EvictionCost.OfSaving(Content(4000), Backend), 6);

    [Fact]
    public void OfSaving_NothingWasSavedYet_IsFoundOutForNothing() =>
        Assert.Equal(0, EvictionCost.OfSaving(Content(4000), Backend with { HasSaved = false }));

    [Fact]
    public void SaveSeconds_RateIsKnown_IsTheTimeAlone()
    {
        Assert.Equal(0.2, EvictionCost.SaveSeconds(Content(4000), Backend), 6);
        Assert.Equal(0, EvictionCost.SaveSeconds(Content(4000), Backend with { HasSaved = false }));
    }

    private static SlotContent Content(int tokens) =>
        new(PromptChain.Of(Encoding.ASCII.GetBytes(new string('c', 4000))), 1, IsSaved: false) { Tokens = tokens };
}
