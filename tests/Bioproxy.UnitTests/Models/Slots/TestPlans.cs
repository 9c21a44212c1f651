using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>Plans of tests that are about slots, and not about costs: a backend of middling speed, small snapshots, and models that can
/// go back.</summary>
internal static class TestPlans
{
    /// <summary>The decision without its costs.</summary>
    public static SlotPlan Plan(this SlotTable table, CanonicalPrompt? prompt, int snapshotLength)
    {
        var plan = table.Plan(prompt, Context(snapshotLength));
        return new SlotPlan(plan.Source, plan.Slot, plan.Shared, plan.IsExpectedInRam);
    }

    public static void MarkSaved(this SlotTable table, int slot, PromptChain chain) =>
        table.MarkSaved(slot, new SavedPrefix("a.bin", 1000, chain, IsConversation: false));

    public static PlanContext Context(int snapshotLength) => new()
    {
        Rates = Rates.Initial with { RollBack = 0.9 },
        Whole = snapshotLength == 0
            ? default
            : new SnapshotOption(snapshotLength, snapshotLength * Rates.Initial.TokensPerByte, snapshotLength, IsWhole: true),
    };
}
