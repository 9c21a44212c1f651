using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>Begins and ends works on slots, by the rules in <see cref="SlotTable"/>'s summary. Guarded by the table's lock.</summary>
internal sealed class SlotAdmission(SlotKnowledge known)
{
    /// <param name="plan">Where the work goes.</param>
    /// <param name="chain">Its prompt, where known.</param>
    /// <param name="weight">How many slots it occupies.</param>
    /// <param name="isWarmUp">Background work.</param>
    /// <param name="keepsContent">A pinned slot keeps its content until the work ends.</param>
    /// <returns>Null when the slot list has to be polled first.</returns>
    public SlotWork? TryBegin(in SlotPlan plan, PromptChain? chain, int weight, bool isWarmUp, bool keepsContent)
    {
        var wanted = plan.Pin;
        if (plan.Slot is { } id && (id >= known.Slots.Length || !known.Slots[id].IsFree))
            return null;
        var expects = plan.Slot is not null && wanted is null; // the server's choice must not meet another's
        var works = known.Works;
        if (works.Exists(w => w is { IsEnded: false, IsPlaced: false }
            && (expects || w.ExpectsSlot || w.Slot.HasValue != wanted.HasValue || (known.ClearsIdleSlots && w.Slot is not null))))
            return null;
        var work = new SlotWork(wanted, chain, weight, known.Tick())
        {
            IsOwn = isWarmUp,
            ExpectsSlot = expects,
            ExpectedFromRam = plan.IsExpectedInRam && chain is not null ? plan.Shared / (double)chain.Length : 0,
        };
        foreach (var other in works)
        {
            if (work.Place is { } place)
                other.Rivals.Add(place);
            if (other is { IsAttributed: false, Place: { } others })
                work.Rivals.Add(others);
        }

        works.Add(work);
        known.Domains.Add(plan.Domain);
        if (wanted is { } pinned)
        {
            if (plan.Source == PromptSource.Cold && !keepsContent)
                known.Displace(known.Slots[pinned]);
            known.Slots[pinned].Take(work, known.Tick());
        }

        foreach (var slot in known.ClearsIdleSlots ? known.Slots : [])
        {
            if (slot.IsFree || slot.IsBorrowed)
                known.Displace(slot);
        }

        return work;
    }

    /// <summary>Takes a slot without running a task on it; null while unpinned work may be on its way there.</summary>
    public SlotWork? TryBorrow(SlotState slot, PromptChain? chain)
    {
        if (known.Works.Exists(w => w is { IsEnded: false, IsPlaced: false, Slot: null }))
            return null;
        var work = new SlotWork(slot.Id, chain, weight: 1, known.Tick()) { IsOwn = true, IsPlaced = true };
        known.Works.Add(work);
        slot.Borrow(work);
        return work;
    }

    public void End(SlotWork work, SlotContent? result, int? heldTokens, int? slot)
    {
        work.SetEnded();
        (work.Ended, work.Result, work.HeldTokens) = (known.Tick(), result, heldTokens);
        known.Domains.Add(result?.Domain);
        if ((work.Slot ?? slot) is not { } id || id >= known.Slots.Length)
            return;
        var used = known.Slots[id];
        if (work.Slot is null && used.IsBusy && known.Works.Exists(w => w is { IsEnded: false, Slot: null }))
            return; // the next one may be on that slot by now: a poll shows it
        if (work.Slot is null)
            known.Displace(used);
        if (result is null)
            known.Lose(used, work.Chain);
        used.Leave(work, result, heldTokens, known.Tick());
        if (work.Place is { } place)
            place.Slot = id;
        else
            known.Works.Remove(work);
    }

    public void EndSave(SlotWork work, SavedPrefix? saved, bool isContradicted)
    {
        work.SetEnded();
        known.Works.Remove(work);
        var slot = known.Slots[work.Slot!.Value];
        if (slot.GiveBack(work) is not { } content)
            return; // emptied meanwhile for another slot, or used by unpinned work
        if (isContradicted)
            slot.BecomeUnknown(isForeign: true);
        else
            slot.Content = saved is null ? content with { Tokens = 0 } : content with { IsSaved = true, Saved = saved };
    }

    public void Withdraw(SlotWork work, bool wasSent)
    {
        work.SetEnded();
        known.Works.Remove(work);
        if (wasSent)
            known.Slots[work.Slot!.Value].LeaveUnused(work);
        else
            known.Slots[work.Slot!.Value].LeavePrepared(work);
    }

    public void EndStash(SlotWork work, bool succeeded)
    {
        work.SetEnded();
        known.Works.Remove(work);
        var slot = known.Slots[work.Slot!.Value];
        if (!succeeded && !work.IsPlaced)
        {
            slot.LeaveUnused(work);
            return;
        }

        if (succeeded)
        {
            known.Displace(slot);
        }
        else
        {
            known.Lost.Add(slot.Content);
            slot.BecomeUnknown(isForeign: slot.IsUnknown);
        }

        slot.Leave(work, succeeded ? SlotContent.Nothing : null, heldTokens: null, known.Tick());
    }
}
