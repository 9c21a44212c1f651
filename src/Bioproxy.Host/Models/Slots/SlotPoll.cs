namespace Bioproxy.Host.Models.Slots;

/// <summary>Applies one slot list to what is known of the slots.</summary>
internal static class SlotPoll
{
    /// <param name="known">The knowledge to update.</param>
    /// <param name="poll">When the list was requested; what we did to a slot after that is newer than its row.</param>
    /// <param name="rows">The list.</param>
    public static void Apply(SlotKnowledge known, long poll, IReadOnlyList<SlotObservation> rows)
    {
        if (!known.HasPolled)
            known.HasSeenForeign |= rows.Any(
                row => row.PromptTokens > 0 && known.Slots[row.Id] is { Owner: null, Content: null, IsTaskIdOurs: false });
        var works = known.Works;
        var ended = works.FindAll(w => w.IsEnded && w.Ended < poll);
        var unpinned = works.FindAll(w => w is { IsEnded: false, Slot: null });
        var (processing, isPartial) = Compare(known, poll, rows);

        // Every unpinned work that the list can show is on one of the slots now marked busy, or has left its slot already.
        var areAllShown = processing >= works.Where(w => w.Slot is null && !(w.IsEnded && w.Ended < poll)).Sum(w => w.Weight);
        foreach (var work in unpinned)
            work.IsPlaced |= areAllShown ? work.Begun < poll : work.Started < poll && !isPartial;

        var results = ended.Where(w => !w.IsAttributed).Select(w => new UnpinnedResult(w.Result, w.HeldTokens)).ToList();
        var changed = known.Slots
            .Where(s => s.Change != SlotChange.None && s is { IsOthersOnly: true, IsBusy: false } && s.Touched < poll)
            .Select(s => new ChangedSlot(s.Id, s.Change, s.PromptTokens)).ToList();
        var running = works.Count(w => w.Slot is null && !ended.Contains(w));
        var (findings, lost) = SlotAttribution.Attribute(results, changed, running);
        foreach (var finding in findings)
        {
            known.HasSeenForeign |= finding is { Content: null, IsForeign: true };
            if (finding.Content is null)
                known.Slots[finding.Slot].BecomeUnknown(finding.IsForeign);
            else
                known.Slots[finding.Slot].Content = finding.Content;
        }

        foreach (var content in lost)
            known.Lost.Add(content);
        works.RemoveAll(ended.Contains);
        if (!Array.Exists(known.Slots, s => s.IsUnknown))
            known.Lost.Clear();
    }

    /// <returns>How many slots run work of others, and whether the list could not show everything.</returns>
    private static (int Processing, bool IsPartial) Compare(SlotKnowledge known, long poll, IReadOnlyList<SlotObservation> rows)
    {
        var areOthers = known.Works.Exists(w => w is { Slot: null, IsAttributed: false });
        var processing = 0;
        var isPartial = false;
        foreach (var row in rows)
        {
            var slot = known.Slots[row.Id];
            if (slot.Touched > poll)
            {
                isPartial = true;
                continue; // the row is older than what we know
            }

            slot.PromptTokens = row.PromptTokens;
            if (row.PromptTokens == 0 && slot.IsOthersOnly)
                known.Displace(slot); // emptied by the server for another slot
            if (slot.Owner is { } owner && !slot.IsOthersOnly)
            {
                isPartial |= row.IsProcessing; // by its owner, or by unpinned work that took it when its owner was done
                owner.IsPlaced |= row.IsProcessing; // the task number proves nothing: an earlier unpinned work may have moved it
                continue; // its number is learned once the work has ended
            }

            slot.IsBusy = row.IsProcessing;
            processing += row.IsProcessing ? 1 : 0;
            var change = SlotAttribution.Compare(row, slot.TaskId, slot.IsTaskIdOurs, slot.HeldTokens, areOthers || slot.IsDisputed);
            slot.TaskId = row.TaskId;
            slot.IsTaskIdOurs = false;
            if (change == SlotChange.None)
                continue;
            known.Displace(slot);
            slot.LastUsed = known.Now;
            slot.Change = change;
        }

        return (processing, isPartial);
    }
}
