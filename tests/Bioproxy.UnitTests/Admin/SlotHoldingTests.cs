using Bioproxy.Host.Admin;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.UnitTests.Admin;

public sealed class SlotHoldingTests
{
    private static readonly PromptChain Template = PromptChain.Of("the template"u8);
    private static readonly PromptChain Question = PromptChain.Of("the template and a question"u8);
    private static readonly Snapshot[] Snapshots = [new("f", "@code", "id", 100, "h", 1, DateTimeOffset.UnixEpoch, Template)];

    public static TheoryData<string, bool, double, bool, long?, int?, string, string?, int> Cases => new()
    {
        // what is known of the content; coverage, saved; task and tokens of the slot list → kind, trigger, bytes
        { "nothing", false, 0, false, null, null, "Empty", null, 0 },
        { "nothing", false, 0, false, 7L, 0, "Empty", null, 0 },
        { "nothing", false, 0, false, 7L, 55, "Unknown", null, 0 },
        { "nothing", false, 0, false, 7L, null, "Unknown", null, 0 },
        { "template", true, 1, false, 7L, 100, "Template", "@code", 12 },
        { "template", true, 0.5, false, 7L, 50, "Partial", "@code", 6 },
        { "template", false, 1, false, 7L, 100, "Template", "@new", 12 },
        { "question", true, 1, false, 7L, 120, "Conversation", null, 27 },
        { "question", true, 1, true, 7L, 120, "Conversation", null, 27 },
        { "warm-up", true, 1, true, 7L, 120, "Template", null, 27 },
        { "question", true, 0.5, false, 7L, 60, "Partial", null, 13 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_Slot_SaysWhatItHolds(
        string content, bool hasSnapshot, double coverage, bool isSaved, long? task, int? tokens, string kind, string? trigger, int bytes)
    {
        var held = content switch
        {
            "template" => new SlotContent(Template, coverage, isSaved),
            "question" => new SlotContent(Question, coverage, isSaved),
            "warm-up" => new SlotContent(Question, coverage, isSaved) { Turns = 0 },
            _ => null,
        };
        var state = hasSnapshot ? WarmUpState.Warm : WarmUpState.Computed;
        WarmUpStatus[] templates = [WarmUpStatus.Initial("@new") with { State = state, CacheableTokens = 100 }];

        var holding = SlotHolding.Of(new SlotView(0, false, held, task, tokens), hasSnapshot ? Snapshots : [], templates);

        Assert.Equal((kind, trigger, bytes), (holding.Kind.ToString(), holding.Trigger, holding.TextBytes));
    }
}
