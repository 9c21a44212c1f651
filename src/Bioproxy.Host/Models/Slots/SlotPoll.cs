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

        // Every unpinned work that the list can show is on one of the slots now marked busy, or has left its slot already. What ran before
        // the first of them began (a client that bypasses the proxy, or what an earlier owner of the server has placed) is none of them.
        var unseen = works.FindAll(w => w.Slot is null && !(w.IsEnded && w.Ended < poll));
        var first = unseen.Where(static w => !w.IsPlaced).Select(static w => w.Begun).DefaultIfEmpty(long.MaxValue).Min();
        var areAllShown = processing.Count(since => since > first) >= unseen.Where(w => w.Begun >= first).Sum(static w => w.Weight);
        foreach (var work in unpinned)
            work.IsPlaced |= areAllShown ? work.Begun < poll : work.Started < poll && !isPartial;

        var results = ended.Where(w => !w.IsAttributed).Select(w => new UnpinnedResult(w.Result, w.HeldTokens, w.Place)).ToList();
        var changed = known.Slots
            .Where(s => s.Change != SlotChange.None && s is { IsOthersOnly: true, IsBusy: false } && s.Touched < poll)
            .Select(s => new ChangedSlot(s.Id, s.Change, s.PromptTokens)).ToList();
        var running = works.Count(w => w.Slot is null && !ended.Contains(w));
        var (findings, lost) = SlotAttribution.Attribute(results, changed, running);
        foreach (var finding in findings)
        {
            if (finding.Place is { } place)
                place.Slot = finding.Slot;
        }

        foreach (var finding in findings)
            Believe(known, known.Slots[finding.Slot], finding);

        foreach (var content in lost)
            known.Lost.Add(content);
        works.RemoveAll(ended.Contains);
        if (!Array.Exists(known.Slots, s => s.IsUnknown))
            known.Lost.Clear();
    }

    private static void Believe(SlotKnowledge known, SlotState slot, in SlotFinding finding)
    {
        // A work that was never found may still be the one that took it.
        var content = finding is { IsUndisputed: true } && !slot.IsDisputed ? slot.Disputed : finding.Content;
        if (content is not null)
        {
            if (!finding.IsUndisputed)
                known.Ram.Add(slot.Disputed);
            slot.Content = content;
            return;
        }

        known.HasSeenForeign |= finding.IsForeign;
        known.Ram.Add(slot.Disputed);
        slot.BecomeUnknown(finding.IsForeign);
    }

    /// <returns>For each slot that runs work of others since when it does, and whether the list could not show everything.</returns>
    private static (List<long> Processing, bool IsPartial) Compare(SlotKnowledge known, long poll, IReadOnlyList<SlotObservation> rows)
    {
        var areOthers = known.Works.Exists(w => w is { Slot: null, IsAttributed: false });
        var processing = new List<long>();
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

            if (!slot.IsBusy || row.TaskId != slot.TaskId)
                slot.BusySince = poll;
            slot.IsBusy = row.IsProcessing;
            if (row.IsProcessing)
                processing.Add(slot.BusySince);
            var change = SlotAttribution.Compare(row, slot.TaskId, slot.IsTaskIdOurs, slot.HeldTokens, areOthers || slot.IsDisputed);
            slot.TaskId = row.TaskId;
            slot.IsTaskIdOurs = false;
            if (change == SlotChange.None)
                continue;
            slot.LastUsed = known.Now;
            if (change == SlotChange.Suspected && slot is { MayBeginLate: false, HeldTokens: null })
            {
                slot.Dispute();
                continue;
            }

            known.Displace(slot);
            slot.Change = change;
        }

        return (processing, isPartial);
    }
}
