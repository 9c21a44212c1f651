using System.Text;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>Situations and conclusions. Results are written "content:tokens", slots "id:tokens" (seen), "id?tokens" (suspected) or
/// "id~tokens" (disputed).</summary>
public sealed class SlotAttributionTests
{
    [Theory]
    [InlineData("", "", 0, "")]
    [InlineData("a:10", "1:10", 0, "1=a")]
    [InlineData("a:10", "1:99", 0, "1=a")] // the only one that changed
    [InlineData("a:10", "1:0", 0, "1=unknown lost a")] // emptied since
    [InlineData("a:10", "1:99", 1, "1=unknown lost a")] // it may be the running one's
    [InlineData("a:10", "1?99", 0, "1=unknown lost a")] // only suspected
    [InlineData("a:10", "1?10", 0, "1=a")]
    [InlineData("a:10", "1:10 2:99", 0, "1=a 2=foreign")]
    [InlineData("a:10", "1:10 2:99", 1, "1=a")] // slot 2 is decided when the running one has ended
    [InlineData("a:10", "1:10 2:10", 0, "1=foreign 2=foreign lost a")]
    [InlineData("a:10 b:20", "0:20 1:10", 0, "0=b 1=a")]
    [InlineData("a:10 b:10", "0:10 1:10", 0, "0=unknown 1=unknown lost a b")]
    [InlineData("a:10 b:20", "0:10", 0, "0=a lost b")]
    [InlineData("a: b:20", "0:15 1:20", 0, "0=unknown 1=b lost a")]
    [InlineData("a:10 b:20", "0:30 1:40 2:50", 0, "0=foreign 1=foreign 2=foreign lost a b")]
    [InlineData("a:10", "1:10 2~99", 0, "1=a 2=undisputed")]
    [InlineData("a:10", "1:10 2~99", 1, "1=a")] // the running one may be there
    [InlineData("a:10 b:20", "1:10 2~99", 0, "1=a 2=unknown lost b")]
    [InlineData("a:10", "1:10 2~99 0:5", 0, "0=foreign 1=a 2=undisputed")]
    [InlineData("a:10", "1~99", 0, "1=unknown lost a")]
    [InlineData("", "1:5", 0, "1=foreign")]
    [InlineData("", "1:5", 1, "")]
    [InlineData("-:10", "1:10", 0, "1=foreign")] // the work's content is unknown
    [InlineData("-:10 a:20", "0:10 1:30", 1, "0=foreign 1=unknown lost a")]
    [InlineData("probe:", "1:2 2:54", 0, "1=nothing 2=nothing lost nothing")]
    [InlineData("probe:", "1:2 2:54", 1, "1=unknown 2=unknown lost nothing")]
    public void Attribute_Situation_Conclusion(string results, string changed, int running, string expected)
    {
        var attribution = SlotAttribution.Attribute([.. Items(results).Select(Result)], [.. Items(changed).Select(Slot)], running);

        var slots = attribution.Slots.OrderBy(f => f.Slot)
            .Select(f => $"{f.Slot}={(f.Content is { } c ? Name(c) : f.IsForeign ? "foreign" : f.IsUndisputed ? "undisputed"
                : "unknown")}");
        var lost = attribution.Lost.Count == 0 ? [] : attribution.Lost.Select(Name).Prepend("lost");
        Assert.Equal(expected, string.Join(' ', slots.Concat(lost)));
    }

    [Theory]
    [InlineData(5, 5L, false, null, false, SlotChange.None)]
    [InlineData(6, 5L, false, null, false, SlotChange.Seen)]
    [InlineData(6, null, false, null, false, SlotChange.Seen)]
    [InlineData(6, 5L, true, null, false, SlotChange.None)] // the new task is ours
    [InlineData(6, 5L, true, 30, true, SlotChange.None)] // others were possible, but the slot is as we left it
    [InlineData(6, 5L, true, 31, true, SlotChange.Suspected)]
    [InlineData(6, 5L, true, null, true, SlotChange.Suspected)]
    public void Compare_Row_Change(long task, long? known, bool isOurs, int? held, bool areOthersPossible, object expected) =>
        Assert.Equal(expected, SlotAttribution.Compare(new SlotObservation(0, false, task, 30), known, isOurs, held, areOthersPossible));

    [Fact]
    public void Compare_DisputedSlotIsProcessing_IsSuspected() =>
        Assert.Equal(
            SlotChange.Suspected,
            SlotAttribution.Compare(new SlotObservation(0, true, 6, 30), 5, true, 30, areOthersPossible: true));

    private static string[] Items(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static UnpinnedResult Result(string text)
    {
        var parts = text.Split(':');
        var content = parts[0] switch
        {
            "-" => null,
            "probe" => SlotContent.Nothing,
            var name => new SlotContent(PromptChain.Of(Encoding.ASCII.GetBytes(name)), 1, IsSaved: false) { Session = name },
        };
        return new UnpinnedResult(content, parts[1].Length == 0 ? null : int.Parse(parts[1], null));
    }

    private static ChangedSlot Slot(string text)
    {
        var parts = text.Split(':', '?', '~');
        var change = text.Contains('?') ? SlotChange.Suspected : text.Contains('~') ? SlotChange.Disputed : SlotChange.Seen;
        return new ChangedSlot(int.Parse(parts[0], null), change, int.Parse(parts[1], null));
    }

    private static string Name(SlotContent content) => content.Session ?? "nothing";
}
