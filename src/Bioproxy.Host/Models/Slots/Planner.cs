namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Compares the ways to serve a prompt by expected seconds: tokens to compute ÷ prefill rate, bytes to read ÷ restore rate, and what
/// is destroyed. A pure function: the same question has the same answer.
/// </summary>
internal static class Planner
{
    /// <summary>A prompt belongs to a slot that shares a tenth of it, as llama-server itself sees it (--slot-prompt-similarity).</summary>
    public const double LeastSimilarity = 0.1;

    /// <summary>What is believed to be in the RAM cache may have been pushed out: it has to promise a third more than what is certain.</summary>
    private const double RamTrust = 0.75;

    /// <summary>What the server displaces by itself it keeps in its RAM cache as long as it lives.</summary>
    private const double LossWithRam = 0.3;

    /// <summary>Differences below are noise; then the earlier way wins: what is there before what has to be fetched.</summary>
    private const double Noise = 1e-6;

    /// <param name="question">The prompt.</param>
    /// <param name="slots">The free slots; none leaves everything to the server.</param>
    /// <param name="considered">The best of each kind, for the explanation.</param>
    /// <returns>The cheapest way.</returns>
    public static PlanOption Choose(in PlanQuestion question, ReadOnlySpan<SlotOption> slots, List<PlanOption>? considered = null)
    {
        var rates = question.Rates;
        PlanOption? best = null;

        // A slot that holds a beginning: continued, or rolled back to what it shares.
        PlanOption? held = null;
        foreach (var slot in slots)
        {
            var reused = Math.Min(question.Tokens, slot.IsWhole ? slot.Shared : slot.Shared * rates.RollBack);
            if (reused <= 0 || (!slot.IsWhole && slot.Shared < LeastSimilarity * question.Tokens))
                continue;
            var lost = slot.IsWhole ? 0 : slot.LossBeyond; // the server keeps no copy of what it rolls back
            var option = new PlanOption(PromptSource.Hot, slot.Id, reused, rates.PrefillSeconds(question.Tokens - reused), lost, IsPartial: !slot.IsWhole);
            if (!slot.IsWhole && slot.SaveCost < lost)
                option = option with { Loss = slot.SaveCost, SaveFirst = true };
            held = Cheaper(held, option);
        }

        Consider(held);

        // A snapshot, into the slot whose loss costs least.
        if (Cheapest(slots, rates, mustBeFilled: false) is { } target)
        {
            var (loss, saveFirst) = Displaced(target, rates);
            foreach (var snapshot in (ReadOnlySpan<SnapshotOption>)[question.Whole, question.Partial])
            {
                if (snapshot.Length == 0)
                    continue;
                var reused = Math.Min(question.Tokens, snapshot.IsWhole ? snapshot.Tokens : snapshot.Tokens * rates.RollBack);
                Consider(new PlanOption(
                    PromptSource.Restored, target.Id, reused, rates.RestoreSeconds(snapshot.Bytes) + rates.PrefillSeconds(question.Tokens - reused), loss, snapshot.Bytes, IsPartial: !snapshot.IsWhole, SaveFirst: saveFirst));
            }
        }

        // The server's own RAM cache, which it asks for every slot but an empty one.
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

    /// <summary>Computing it: in the slot whose loss costs least, or in one of the server's choice.</summary>
    private static PlanOption Left(ReadOnlySpan<SlotOption> slots, in PlanQuestion question, double reused, bool mustBeFilled)
    {
        var target = Cheapest(slots, question.Rates, mustBeFilled);
        var (loss, saveFirst) = target is { } slot ? Displaced(slot, question.Rates) : (0, false);
        var isPinned = question.MayPinCold && target is not null;
        return new PlanOption(PromptSource.Cold, isPinned ? target!.Value.Id : null, reused, question.Rates.PrefillSeconds(question.Tokens - reused), loss, SaveFirst: isPinned && saveFirst);
    }

    /// <summary>What displacing a slot's content costs: saving it first where that is cheaper than losing it.</summary>
    private static (double Loss, bool SaveFirst) Displaced(in SlotOption slot, in Rates rates) =>
        slot.SaveCost < slot.Loss ? (slot.SaveCost, true) : (rates.HasRam ? slot.Loss * LossWithRam : slot.Loss, false);

    /// <summary>The slot whose displacing costs least; among equals an empty one, then the least recently used.</summary>
    private static SlotOption? Cheapest(ReadOnlySpan<SlotOption> slots, in Rates rates, bool mustBeFilled)
    {
        SlotOption? cheapest = null;
        foreach (var slot in slots)
        {
            if (mustBeFilled && slot.IsEmpty)
                continue;
            if (cheapest is not { } other || Rank(slot, rates).CompareTo(Rank(other, rates)) < 0)
                cheapest = slot;
        }

        return cheapest;

        static (double, bool, long) Rank(in SlotOption slot, in Rates rates) => (Math.Round(Displaced(slot, rates).Loss, 3), !slot.IsEmpty, slot.LastUsed);
    }

    private static PlanOption Cheaper(PlanOption? best, in PlanOption other) => best is { } first && first.Cost <= other.Cost + Noise ? first : other;
}
