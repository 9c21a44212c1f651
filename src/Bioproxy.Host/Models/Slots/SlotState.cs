using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>What is known of one slot, and which work is on it. Guarded by the lock of the table that owns it.</summary>
internal sealed class SlotState(int id)
{
    private SlotContent? _lent;
    private List<WorkPlace> _rivals = [];

    public int Id { get; } = id;

    /// <summary>What it holds; null when that is unknown or nothing.</summary>
    public SlotContent? Content
    {
        get;
        set
        {
            field = value;
            if (value is not null)
                (Change, IsForeign, Disputed) = (SlotChange.None, false, null);
        }
    }

    /// <summary>Whether somebody else's work has used it since its content was known; not attributed yet.</summary>
    public SlotChange Change { get; set; }

    /// <summary>Its content is unknown, and no work of this proxy explains it.</summary>
    public bool IsForeign { get; private set; }

    /// <summary>The work that is pinned to it, or saves it.</summary>
    public SlotWork? Owner { get; private set; }

    /// <summary>The last poll showed unpinned work on it.</summary>
    public bool IsBusy { get; set; }

    /// <summary>The poll that showed that work first.</summary>
    public long BusySince { get; set; }

    /// <summary>The task number of the last poll.</summary>
    public long? TaskId { get; set; }

    /// <summary>Our work used it after the last poll: the next one may show a higher task number that is ours.</summary>
    public bool IsTaskIdOurs { get; set; }

    public int? PromptTokens { get; set; }

    /// <summary>Tokens our last work left in it, as reported by its answer.</summary>
    public int? HeldTokens { get; private set; }

    /// <summary>Other work may have taken the slot after our last one: unpinned work beside it that was not found in another slot, or
    /// work of ours that was given up and may begin late.</summary>
    public bool IsDisputed => MayBeginLate || _rivals.Exists(place => place.Slot is null || place.Slot == Id);

    /// <summary>Our last work was given up, and may begin late.</summary>
    public bool MayBeginLate { get; private set; }

    /// <summary>What it holds if those who may have taken it have not.</summary>
    public SlotContent? Disputed { get; private set; }

    public long LastUsed { get; set; }

    /// <summary>When we last took, left or loaded it.</summary>
    public long Touched { get; private set; } = -1;

    /// <summary>It is being saved: its owner changes nothing in it.</summary>
    public bool IsBorrowed { get; private set; }

    public bool IsFree => Owner is null && !IsBusy;

    /// <summary>No request of ours is pinned to it, so a task on it is unpinned work or a client's that bypasses the proxy. A save runs
    /// no task.</summary>
    public bool IsOthersOnly => Owner is null || IsBorrowed;

    public bool IsEmpty => Content is null && !IsTaskIdOurs && PromptTokens is null or 0;

    public bool IsUnknown => Content is null && !IsEmpty;

    /// <summary>Whether a row of the slot list contradicts an earlier one, so that it comes from another process.</summary>
    public bool WentBack(in SlotObservation row) => (row.TaskId is null && TaskId is not null) || row.TaskId < TaskId;

    public void BecomeUnknown(bool isForeign)
    {
        (Content, Disputed) = (null, null);
        Change = SlotChange.None;
        IsForeign = isForeign;
    }

    public void Empty() => (Content, Disputed) = (null, null);

    /// <summary>Unpinned work may have taken it: what it held is not believed until that is found elsewhere.</summary>
    public void Dispute() => (Content, Disputed, Change) = (null, Content, SlotChange.Disputed);

    public void Take(SlotWork work, long now)
    {
        Owner = work;
        Change = SlotChange.None;
        Disputed = null;
        LastUsed = Touched = now;
    }

    /// <summary>Takes it without a task on the backend: its task number, tokens and content stay.</summary>
    public void Borrow(SlotWork work) => (Owner, IsBorrowed, _lent) = (work, true, Content);

    /// <returns>What it held when it was borrowed, if it still does.</returns>
    public SlotContent? GiveBack(SlotWork work)
    {
        if (!ReferenceEquals(Owner, work))
            return null;
        var content = ReferenceEquals(Content, _lent) ? Content : null;
        (Owner, IsBorrowed, _lent) = (null, false, null);
        return content;
    }

    /// <summary>Its owner's task most probably never began. Should it begin late, the next poll shows it: by its task number, or, where
    /// that is not known, by the number of tokens.</summary>
    public void LeaveUnused(SlotWork work)
    {
        if (ReferenceEquals(Owner, work))
            Owner = null;
        MayBeginLate = true;
        if (Content is null)
            BecomeUnknown(isForeign: true);
    }

    /// <summary>Its owner has prepared it, and sends nothing there.</summary>
    public void LeavePrepared(SlotWork work)
    {
        if (ReferenceEquals(Owner, work))
            Owner = null;
        _rivals = work.Rivals;
    }

    public void Set(SlotContent? content, int? heldTokens, List<WorkPlace> rivals, long now)
    {
        (Content, Disputed) = (content, null);
        IsTaskIdOurs = true;
        (HeldTokens, _rivals, MayBeginLate) = (heldTokens, rivals, false);
        LastUsed = Touched = now;
    }

    public void Leave(SlotWork work, SlotContent? content, int? heldTokens, long now)
    {
        if (ReferenceEquals(Owner, work))
            Owner = null;
        IsBusy = false;
        PromptTokens = heldTokens ?? PromptTokens;
        Set(content, heldTokens, work.Rivals, now);
    }

    /// <summary>How much of a prompt it holds.</summary>
    /// <returns>Bytes, and whether its whole content is a prefix of the prompt.</returns>
    public (int Shared, bool IsWhole) SharedWith(CanonicalPrompt prompt, PromptChain? snapshot)
    {
        if (Content is not { } content || !content.IsOpenTo(prompt.Domain))
            return (0, false);
        var shared = prompt.SharedWith(content.Chain);
        if (shared == content.Chain.Length)
            return (content.Length, true);
        // Blocks are coarse; a snapshot that both start with shows the place exactly.
        if (content.Saved is { } saved && snapshot is not null && snapshot.Length > shared
            && saved.Chain.Length == snapshot.Length && saved.Chain.End == snapshot.End)
            shared = snapshot.Length;
        return content.Coverage >= 1 ? (shared, false) : (0, false);
    }
}
