namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Compares the ways to serve a prompt by expected seconds: tokens to compute ÷ prefill rate, bytes to read ÷ restore rate, and what
/// is destroyed. A pure function: the same question has the same answer.
/// </summary>
internal static class Planner
{
    /// <summary>A prompt belongs to a slot that shares a tenth of it, as llama-server itself sees it (--slot-prompt-similarity).</summary>
    public const double LeastSimilarity = 0.1;

    /// <summary>An expected RAM cache entry may have been evicted, so it has to promise a third more than what is certain.</summary>
    private const double RamTrust = 0.75;

    /// <summary>Share of the eviction cost where the server keeps what it displaces in its RAM cache, which dies with it.</summary>
    private const double ShareWithRam = 0.3;

    /// <summary>Smaller differences are noise; then the earlier option wins: a slot before a snapshot.</summary>
    private const double Noise = 1e-6;

    /// <param name="question">The prompt.</param>
    /// <param name="slots">The free slots, and those that are being saved; none leaves everything to the server. The wait for a save costs
    /// nothing: the server computes for nobody while it saves.</param>
    /// <param name="considered">Receives the best option of each kind, for the explanation.</param>
    /// <returns>The cheapest option.</returns>
    public static PlanOption Choose(in PlanQuestion question, ReadOnlySpan<SlotOption> slots, List<PlanOption>? considered = null)
    {
        var rates = question.Rates;
        PlanOption? best = null;

        // A slot that holds a prefix: continued, or rolled back to what it shares.
        PlanOption? held = null;
        foreach (var slot in slots)
        {
            var reused = Math.Min(question.Tokens, slot.IsWhole ? slot.Shared : slot.Shared * rates.RollBack);
            if (reused <= 0 || (!slot.IsWhole && slot.Shared < LeastSimilarity * question.Tokens))
                continue;
            var lost = slot.IsWhole ? 0 : slot.RollBackCost; // the server keeps no copy of what it rolls back
            var seconds = rates.PrefillSeconds(question.Tokens - reused);
            var option = new PlanOption(PromptSource.Hot, slot.Id, reused, seconds, lost, IsPartial: !slot.IsWhole);
            if (!slot.IsWhole && (slot.SaveCost < lost || (lost > 0 && slot.MustBeSaved)))
                option = option with { EvictionCost = slot.SaveCost, SaveFirst = true };
            held = Cheaper(held, option);
        }

        Consider(held);

        // A snapshot, into the slot with the lowest eviction cost.
        if (Cheapest(slots, rates, mustBeFilled: false) is { } target)
        {
            var (cost, saveFirst) = CostOf(target, rates);
            foreach (var snapshot in (ReadOnlySpan<SnapshotOption>)[question.Whole, question.Partial])
            {
                if (snapshot.Length == 0)
                    continue;
                var reused = Math.Min(question.Tokens, snapshot.IsWhole ? snapshot.Tokens : snapshot.Tokens * rates.RollBack);
                var seconds = rates.RestoreSeconds(snapshot.Bytes) + rates.PrefillSeconds(question.Tokens - reused);
                Consider(new PlanOption(PromptSource.Restored, target.Id, reused, seconds, cost, snapshot.Bytes)
                {
                    IsPartial = !snapshot.IsWhole,
                    SaveFirst = saveFirst,
                });
            }
        }

        // The server's own RAM cache, which it consults for every slot but an empty one.
        if (question.RamTokens > 0)
            Consider(Left(slots, question, question.RamTokens * RamTrust, mustBeFilled: true) with { IsFromRam = true });
        Consider(Left(slots, question, 0, mustBeFilled: false));
        return best!.Value;

        void Consider(PlanOption? option)
        {
            if (option is not { } way)
                return;
            considered?.Add(way);
            best = Cheaper(best, way);
        }
    }

    /// <summary>Computing it, in the slot with the lowest eviction cost or in one of the server's choice.</summary>
    private static PlanOption Left(ReadOnlySpan<SlotOption> slots, in PlanQuestion question, double reused, bool mustBeFilled)
    {
        var target = Cheapest(slots, question.Rates, mustBeFilled);
        var (cost, saveFirst) = target is { } slot ? CostOf(slot, question.Rates) : (0, false);
        var seconds = question.Rates.PrefillSeconds(question.Tokens - reused);
        int? pinned = question.MayPinCold ? target?.Id : null;
        return new PlanOption(PromptSource.Cold, pinned, reused, seconds, cost, SaveFirst: pinned is not null && saveFirst);
    }

    /// <summary>The cost of displacing a slot's content: that of saving it first where that is lower, or is done in any case.</summary>
    public static (double Cost, bool SaveFirst) CostOf(in SlotOption slot, in Rates rates)
    {
        if (slot.MustBeSaved || slot.SaveCost < slot.EvictionCost)
            return (slot.SaveCost, true);
        return (rates.HasRam ? slot.EvictionCost * ShareWithRam : slot.EvictionCost, false);
    }

    /// <summary>The slot with the lowest cost; among equals an empty one, then one that holds nothing of use, then the least recently
    /// used.</summary>
    private static SlotOption? Cheapest(ReadOnlySpan<SlotOption> slots, in Rates rates, bool mustBeFilled)
    {
        var (cheapest, cost) = (-1, 0.0);
        for (var i = 0; i < slots.Length; i++)
        {
            ref readonly var slot = ref slots[i];
            if (slot.IsBeingSaved || (mustBeFilled && slot.IsEmpty))
                continue;
            var own = Math.Round(CostOf(slot, rates).Cost, 3);
            if (cheapest < 0 || own < cost || (own == cost && IsPreferred(slot, slots[cheapest])))
                (cheapest, cost) = (i, own);
        }

        return cheapest < 0 ? null : slots[cheapest];

        static bool IsPreferred(in SlotOption slot, in SlotOption other) =>
            slot.IsEmpty != other.IsEmpty ? slot.IsEmpty
            : slot.IsSpent != other.IsSpent ? slot.IsSpent
            : slot.LastUsed < other.LastUsed;
    }

    private static PlanOption Cheaper(PlanOption? best, in PlanOption other) =>
        best is { } first && first.Cost <= other.Cost + Noise ? first : other;
}
