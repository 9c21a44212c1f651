namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Finds out from the slot list which slot the server chose for unpinned work: the only slot that changed, or the only one with
/// the number of tokens that the answer reported. Pure functions. In doubt a slot is unknown.
/// </summary>
internal static class SlotAttribution
{
    /// <summary>Compares a row of the slot list with what is known of an idle slot.</summary>
    /// <param name="row">The row.</param>
    /// <param name="taskId">The task number of the previous poll.</param>
    /// <param name="isTaskIdOurs">Our own pinned work used the slot since then, so a higher number is expected.</param>
    /// <param name="heldTokens">Tokens our work left in it, as reported by its answer.</param>
    /// <param name="areOthersPossible">Unpinned work may have used the slot after ours; then the number of tokens decides.</param>
    public static SlotChange Compare(in SlotObservation row, long? taskId, bool isTaskIdOurs, int? heldTokens, bool areOthersPossible)
    {
        if (!isTaskIdOurs)
            return row.TaskId == taskId ? SlotChange.None : SlotChange.Seen;
        var isAsLeft = !row.IsProcessing && heldTokens is { } held && held == row.PromptTokens;
        return areOthersPossible && !isAsLeft ? SlotChange.Suspected : SlotChange.None;
    }

    /// <summary>Distributes the results of unpinned work over the slots that changed.</summary>
    /// <param name="results">Works that had ended before the slot list was requested, and whose slot is unknown.</param>
    /// <param name="changed">The idle slots that changed.</param>
    /// <param name="running">How many unpinned works may still be under way; they, too, change slots.</param>
    public static Attribution Attribute(IReadOnlyList<UnpinnedResult> results, IReadOnlyList<ChangedSlot> changed, int running)
    {
        var findings = new Dictionary<int, SlotFinding>();
        var isQuiet = running == 0;
        if (isQuiet && results.Count > 0 && results.All(result => ReferenceEquals(result.Content, SlotContent.Nothing)))
        {
            foreach (var slot in changed.Where(slot => slot.Change == SlotChange.Seen)) // a probe uses several slots
                findings[slot.Id] = new(slot.Id, SlotContent.Nothing, IsForeign: false);
        }

        List<UnpinnedResult> dropped = [];
        foreach (var result in results)
        {
            if (SlotOf(result, results, changed, isQuiet) is { } slot)
                findings[slot] = new(slot, result.Content, IsForeign: result.Content is null) { Place = result.Place };
            else
                dropped.Add(result);
        }

        // What cannot be attributed now never can be: a later result must not be mistaken for this one.
        if (dropped.Count > 0 || isQuiet)
        {
            var unknown = changed.Count(slot => !IsUndisputed(slot)
                && (!findings.TryGetValue(slot.Id, out var finding) || finding.Content is null));
            var isForeign = unknown > dropped.Count + running || dropped.Exists(result => result.Content is null);
            foreach (var slot in changed)
            {
                var isUndisputed = IsUndisputed(slot);
                findings.TryAdd(slot.Id, new(slot.Id, null, isForeign && !isUndisputed) { IsUndisputed = isUndisputed });
            }
        }

        return new Attribution([.. findings.Values], [.. dropped.Select(result => result.Content).OfType<SlotContent>()]);

        // Every result was found in a slot that it changed for certain or by its tokens.
        bool IsUndisputed(in ChangedSlot slot) => dropped.Count == 0 && slot.Change == SlotChange.Disputed;
    }

    private static int? SlotOf(
        in UnpinnedResult result, IReadOnlyList<UnpinnedResult> results, IReadOnlyList<ChangedSlot> changed, bool isQuiet)
    {
        if (isQuiet && results.Count == 1 && changed is [{ Change: SlotChange.Seen, PromptTokens: not 0 } only])
            return only.Id;
        if (result.HeldTokens is not { } tokens || results.Count(other => other.HeldTokens == tokens) > 1)
            return null;
        var fitting = changed.Where(slot => slot.PromptTokens == tokens).Take(2).ToList();
        return fitting.Count == 1 ? fitting[0].Id : null;
    }
}
