using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// What each slot of one model instance is believed to hold, and which work is on it. State and admission under one lock, no HTTP.
/// A restarted server is another instance with another table; this one is retired then, and its works cannot disturb the new one.
/// <para>
/// The backend picks the slot of unpinned work, so two rules keep a pinned request from meeting an unpinned one on the same slot:
/// pinned work begins only when every unpinned work under way has been seen in the slot list (its slot then counts as busy), and
/// unpinned work begins only when every pinned work under way has started. <see cref="TryBegin"/> refuses until then; the caller
/// polls the slot list and tries again. Every poll checks the beliefs against the backend's task numbers: a slot used by a client
/// that bypasses the proxy is unknown, and numbers that went back belong to another process.
/// </para>
/// <para>
/// A slot that is being saved is borrowed: nothing else is placed there, it counts as begun work, and its content stays what it was
/// unless other work is seen on it meanwhile.
/// </para>
/// <para>
/// A server with a unified KV cache empties its idle slots (into its RAM cache) whenever another slot starts. There the begin of any
/// work makes the content of all free slots unknown, and nothing begins while a pinned slot waits for its request.
/// </para>
/// </summary>
internal sealed class SlotTable
{
    private readonly Lock _lock = new();
    private readonly SlotKnowledge _known;
    private readonly SlotPlanning _planning;
    private readonly SlotAdmission _admission;
    private volatile bool _isRetired; // written under the lock, as is the next one
    private volatile bool _clearsIdleSlots;
    private long _learned; // when the newest slot list was

    /// <param name="count">The number of slots; 0 when the backend does not show them.</param>
    /// <param name="domains">Who has used the model, also before this table; null for nobody yet.</param>
    public SlotTable(int count, DomainsSeen? domains = null)
    {
        _known = new SlotKnowledge(count, domains ?? new DomainsSeen());
        _planning = new SlotPlanning(_known);
        _admission = new SlotAdmission(_known);
    }

    private SlotState[] Slots => _known.Slots;
    public int Count => Slots.Length;
    public bool IsRetired => _isRetired;

    /// <summary>Whether the backend empties idle slots when another starts (unified KV cache).</summary>
    public bool ClearsIdleSlots => _clearsIdleSlots;

    /// <summary>Whether unpinned work has ended and no poll has shown yet which slot it used.</summary>
    public bool HasUnseenResults
    {
        get { lock (_lock) return _known.HasUnseenResults; }
    }

    /// <summary>The process behind the slots is gone: nothing begins any more, and works under way count as ended.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            _isRetired = true;
            foreach (var work in _known.Works)
                work.SetEnded();
            _known.Works.Clear();
        }
    }

    public void SetClearsIdleSlots(bool value)
    {
        lock (_lock)
            _known.ClearsIdleSlots = _clearsIdleSlots = value;
    }

    /// <summary>Whether this prompt cannot be planned before a poll: unpinned work has ended that may have left a prefix of it in some
    /// slot, or that may have overwritten the slot believed to hold one.</summary>
    public bool NeedsPollFor(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            var unseen = _known.Works.FindAll(w => w is { IsEnded: true, IsAttributed: false });
            return unseen.Count > 0
                && (unseen.Exists(w => w.Result is { } result && prompt.SharedWith(result.Chain) > 0)
                    || Array.Exists(Slots, s => s is { IsFree: true, Content: { } content } && prompt.SharedWith(content.Chain) > 0));
        }
    }

    /// <summary>The proxy's own work under way that this prompt should wait for: a warm-up that computes a prefix of it, or the save of the
    /// only slot that is not at work.</summary>
    public SlotWork? OwnWorkOn(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            var works = _known.Works;
            var warmUp = works.Find(
                w => w is { IsEnded: false, IsOwn: true, Chain: { } chain } && !IsSave(w) && prompt.StartsWith(chain));
            return warmUp ?? (Array.Exists(Slots, s => s.IsFree) ? null : works.Find(w => !w.IsEnded && IsSave(w)));
        }
    }

    /// <summary>Borrows a free slot to save its content; null when it is in use or holds something else by now.</summary>
    public SlotWork? TryBeginSave(int slot, SlotContent content)
    {
        lock (_lock)
        {
            return !_isRetired && slot < Slots.Length && Slots[slot].IsFree && ReferenceEquals(Slots[slot].Content, content)
                ? _admission.TryBorrow(Slots[slot], content.Chain)
                : null;
        }
    }

    /// <summary>Borrows a free slot that holds nothing, and that no unpinned work may have filled; null when there is none.</summary>
    public SlotWork? TryBorrowSpare()
    {
        lock (_lock)
        {
            var spare = Array.Find(Slots, s => s is { IsFree: true } and ({ IsEmpty: true } or { Content.Chain.Length: 0 }));
            return spare is null || _isRetired || _known.HasUnseenResults ? null : _admission.TryBorrow(spare, null);
        }
    }

    /// <summary>Gives back a borrowed slot.</summary>
    /// <param name="work">The work that borrowed it.</param>
    /// <param name="saved">The snapshot; null when the content was not saved: then it is not tried again.</param>
    /// <param name="isContradicted">The server turned out to hold something else.</param>
    public void EndSave(SlotWork work, SavedPrefix? saved, bool isContradicted)
    {
        lock (_lock)
        {
            if (!work.IsEnded)
                _admission.EndSave(work, saved, isContradicted);
        }
    }

    /// <summary>The contents of free slots that no snapshot holds completely.</summary>
    public IReadOnlyList<(int Slot, SlotContent Content)> Unsaved()
    {
        lock (_lock)
            return [.. Slots.Where(s => s is { IsFree: true, Content.IsUnsaved: true }).Select(s => (s.Id, s.Content!))];
    }

    /// <summary>What a free slot holds; null when that is unknown.</summary>
    public SlotContent? ContentOf(int slot)
    {
        lock (_lock)
            return slot < Slots.Length && Slots[slot].IsFree ? Slots[slot].Content : null;
    }

    /// <summary>To be called before the slot list is requested: events after this are not judged by that list.</summary>
    public long BeginPoll()
    {
        lock (_lock)
            return _known.Tick();
    }

    /// <summary>Compares the slot list with what is believed, and learns from it.</summary>
    /// <param name="poll">The number from <see cref="BeginPoll"/>.</param>
    /// <param name="rows">The list.</param>
    /// <param name="isSameConnection">The connection proves that the answer came from the same process as the previous one.</param>
    public SlotVerdict Learn(long poll, IReadOnlyList<SlotObservation> rows, bool isSameConnection)
    {
        lock (_lock)
        {
            if (_isRetired)
                return SlotVerdict.Doubt;
            if (poll < _learned) // a list that was requested later may have been learned already
                return isSameConnection ? SlotVerdict.Same : SlotVerdict.Doubt;
            if (rows.Count != Slots.Length || rows.Any(r => r.Id < 0 || r.Id >= Slots.Length || Slots[r.Id].WentBack(r)))
                return SlotVerdict.Restarted;
            var isAnchored = rows.Any(row => row.TaskId is { } id && id == Slots[row.Id].TaskId);
            SlotPoll.Apply(_known, poll, rows);
            _learned = _known.Tick();
            _known.HasPolled = true;
            return isAnchored || isSameConnection ? SlotVerdict.Same : SlotVerdict.Doubt;
        }
    }

    /// <summary>Decides where a prompt should go: the cheapest of its options, see <see cref="Planner"/>.</summary>
    public SlotPlan Plan(CanonicalPrompt? prompt, in PlanContext context)
    {
        lock (_lock)
            return _planning.Plan(prompt, context);
    }

    /// <summary>The option that <see cref="Plan"/> would choose.</summary>
    public PlanOption Estimate(CanonicalPrompt prompt, in PlanContext context)
    {
        lock (_lock)
            return _planning.Estimate(prompt, context);
    }

    /// <summary>Plans and begins in one step where neither a restore, nor a save, nor a poll is needed; null otherwise.</summary>
    /// <param name="prompt">The prompt, or null when nothing may be reused.</param>
    /// <param name="context">What is on disk, and how fast the backend is.</param>
    /// <param name="weight">How many slots it occupies.</param>
    /// <param name="isWarmUp">Background work.</param>
    /// <param name="isPollOld">The last poll is old: a slot that is chosen only because it is free may be in use by now.</param>
    public (SlotPlan Plan, SlotWork Work)? TryPlanAndBegin(
        CanonicalPrompt? prompt, in PlanContext context, int weight, bool isWarmUp, bool isPollOld)
    {
        lock (_lock)
        {
            var plan = Plan(prompt, context);
            if (plan is { Source: PromptSource.Restored } or { SaveFirst: true }
                || (isPollOld && plan is { Source: PromptSource.Cold, Slot: not null }))
                return null;
            return TryBegin(plan, prompt?.Chain, weight, isWarmUp) is { } work ? (plan, work) : null;
        }
    }

    /// <summary>Begins work as planned; null when the slot list has to be polled first (see the type's summary).</summary>
    public SlotWork? TryBegin(SlotPlan plan, PromptChain? chain, int weight = 1, bool isWarmUp = false)
    {
        lock (_lock)
            return _isRetired ? null : _admission.TryBegin(plan, chain, weight, isWarmUp, keepsContent: false);
    }

    /// <summary>Begins an evaluation that makes the server stash the slot's content in its RAM cache (see <see cref="EndStash"/>), or
    /// takes over work that another table began.</summary>
    public SlotWork? TryBeginStash(int slot)
    {
        lock (_lock)
            return _isRetired ? null : _admission.TryBegin(new(PromptSource.Cold, slot, 0), null, 1, isWarmUp: false, keepsContent: true);
    }

    /// <summary>Ends what <see cref="TryBeginStash"/> began. Only one that succeeded is believed.</summary>
    /// <param name="work">The work.</param>
    /// <param name="succeeded">It was answered: the server's RAM cache has the content and the slot holds nothing. Otherwise the slot keeps
    /// its content if no sign of the evaluation was seen, and is unknown if there was one.</param>
    public void EndStash(SlotWork work, bool succeeded)
    {
        lock (_lock)
        {
            if (!work.IsEnded)
                _admission.EndStash(work, succeeded);
        }
    }

    /// <summary>Ends pinned work that never reached the server: its slot holds what it held.</summary>
    /// <param name="work">The work.</param>
    /// <param name="wasSent">It may have been sent, and begin late.</param>
    public void Withdraw(SlotWork work, bool wasSent = true)
    {
        lock (_lock)
        {
            if (!work.IsEnded)
                _admission.Withdraw(work, wasSent);
        }
    }

    /// <summary>The backend has begun this work (its first byte came). For unpinned work any later poll shows its slot.</summary>
    public void Started(SlotWork work)
    {
        lock (_lock)
        {
            if (work.Slot is not null)
                work.IsPlaced = true;
            else
                work.Started = _known.Tick();
        }
    }

    /// <summary>The slot of pinned work was restored or erased by us before the work itself.</summary>
    public void SetContent(SlotWork work, SlotContent? content)
    {
        lock (_lock)
        {
            if (work.Slot is { } slot && _known.Works.Contains(work))
                Slots[slot].Set(content, null, [], _known.Tick());
            _known.Domains.Add(content?.Domain);
        }
    }

    /// <summary>A snapshot of a slot's content was saved, if it is still that content.</summary>
    public void MarkSaved(int slot, SavedPrefix saved)
    {
        lock (_lock)
        {
            if (slot < Slots.Length && Slots[slot].Content is { } content && content.Chain.End == saved.Chain.End)
                Slots[slot].Content = content with { IsSaved = true, Saved = saved };
        }
    }

    /// <summary>A snapshot was deleted: contents that relied on it are unsaved again. They are not saved again before they are used again,
    /// since it was the least valuable, or an operator wanted it gone.</summary>
    public void ForgetSaved(string file)
    {
        lock (_lock)
        {
            foreach (var slot in Slots)
            {
                if (!slot.IsBorrowed && slot.Content is { } content && content.Saved?.File == file) // a borrowed one gets a newer snapshot
                    slot.Content = content with { IsSaved = false, Saved = null, Tokens = 0 };
            }
        }
    }

    /// <summary>Whether this prompt names a conversation that some slot holds, and shares nothing with it: a title, a summary or another
    /// question about it.</summary>
    public bool IsBesideItsConversation(CanonicalPrompt prompt)
    {
        lock (_lock)
            return ConversationContents.HaveConversationBeside(Slots, prompt);
    }

    /// <summary>The work has ended and its slot is idle.</summary>
    /// <param name="work">The work.</param>
    /// <param name="result">What its slot holds now; null when that is unknown.</param>
    /// <param name="heldTokens">Tokens its slot holds now, as reported by the answer.</param>
    /// <param name="slot">The slot, where the answer to unpinned work reported it.</param>
    public void End(SlotWork work, SlotContent? result, int? heldTokens, int? slot = null)
    {
        lock (_lock)
        {
            if (work.IsEnded)
                return;
            _admission.End(work, result, heldTokens, slot);
            ConversationContents.FindSpent(Slots, result);
        }
    }

    /// <summary>Whether, with these slots at work, fewer unpinned works run on the backend than are under way here: a cancelled one has
    /// left its slot.</summary>
    public bool IsUnpinnedIdle(IEnumerable<int> processing)
    {
        lock (_lock)
            return processing.Count(id => id < Slots.Length && Slots[id].IsOthersOnly) < _known.UnpinnedWeight;
    }

    public IReadOnlyList<SlotView> View()
    {
        lock (_lock)
            return [.. Slots.Select(s => new SlotView(s.Id, !s.IsFree, s.Content, s.TaskId, s.PromptTokens))];
    }

    /// <summary>Whether a slot holds something that is nowhere else: restoring over it would lose it.</summary>
    public bool HoldsUnsaved(int slot)
    {
        lock (_lock)
            return slot < Slots.Length && !Slots[slot].IsEmpty && Slots[slot].Content is not ({ IsSaved: true } or { IsSide: true });
    }

    /// <summary>Records whether the backend's RAM cache had what a plan expected of it.</summary>
    public void RamCacheAnswered(bool hadIt)
    {
        lock (_lock)
            _known.Ram.Answered(hadIt);
    }

    private bool IsSave(SlotWork work) => work.Slot is { } slot && Slots[slot].IsBorrowed;
}
