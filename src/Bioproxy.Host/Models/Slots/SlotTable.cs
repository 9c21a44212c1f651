using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// What each of the backend's slots is believed to hold, and which work is on it. Pure state under one lock.
/// <para>
/// The backend picks the slot of unpinned work, so two rules keep a pinned request from meeting an unpinned one on the same
/// slot: pinned work begins only when every unpinned work under way has been seen in the slot list (its slot then counts as
/// busy), and unpinned work begins only when every pinned work under way has started. <see cref="TryBegin"/> refuses until
/// then; the caller looks at the slot list and tries again. Beliefs are checked against the backend's task numbers at every
/// look: a slot used by somebody else is unknown, numbers that went back mean another process.
/// </para>
/// <para>
/// A slot that is being saved is borrowed: nobody else is placed there, it counts as begun work, and what it holds stays what it
/// was, unless somebody past us, or unpinned work, is seen on it meanwhile.
/// </para>
/// <para>
/// A server with a unified KV cache empties its idle slots (into its RAM cache) whenever another slot starts. There every
/// beginning makes what free slots hold unknown, and nothing begins while a pinned slot waits for its request.
/// </para>
/// </summary>
internal sealed class SlotTable
{
    /// <summary>That what nobody knows is asked for again.</summary>
    private const double ChanceOfUnknown = 0.1;

    private readonly Lock _lock = new();
    /// <summary>What is remembered of displaced prompts, and of those in unknown slots; the server keeps more than this only of short ones.</summary>
    private const int RememberedLimit = 64;

    private readonly List<SlotWork> _works = [];
    private readonly LinkedList<SlotContent> _displaced = new();

    /// <summary>Contents that are in some slot, nobody knows which.</summary>
    private readonly LinkedList<SlotContent> _lost = new();
    private int _ramMisses;
    private Entry[] _slots = [];

    /// <summary>Room for a plan: the free slots as options, and by slot the bytes shared.</summary>
    private SlotOption[] _options = [];
    private int[] _shared = [];
    private long _sequence;
    private long _learned;
    private int _epoch;
    private bool _clearsIdleSlots;

    /// <summary>Somebody has looked in this epoch: what no work of ours explains has been seen.</summary>
    private bool _isLookedAt;

    public int Epoch
    {
        get
        {
            lock (_lock)
                return _epoch;
        }
    }

    /// <summary>Another process, or another number of slots: nothing is known. Work begun before no longer counts.</summary>
    public void Reset(int epoch, int count)
    {
        lock (_lock)
        {
            _epoch = epoch;
            _clearsIdleSlots = _isLookedAt = false;
            _ramMisses = 0;
            _displaced.Clear();
            _lost.Clear();
            foreach (var work in _works)
                work.SetEnded();
            _works.Clear();
            _slots = [.. Enumerable.Range(0, count).Select(id => new Entry(id))];
            _options = new SlotOption[count];
            _shared = new int[count];
        }
    }

    /// <summary>The number of slots.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _slots.Length;
        }
    }

    /// <summary>Whether the backend empties idle slots when another starts (unified KV cache).</summary>
    public bool ClearsIdleSlots
    {
        get
        {
            lock (_lock)
                return _clearsIdleSlots;
        }
    }

    /// <summary>It was found out that the backend does, or does not, empty idle slots.</summary>
    public void SetClearsIdleSlots(int epoch, bool value)
    {
        lock (_lock)
        {
            if (epoch == _epoch)
                _clearsIdleSlots = value;
        }
    }

    /// <summary>Whether some unpinned work has ended and nobody has looked yet which slot it used.</summary>
    public bool HasUnseenResults
    {
        get
        {
            lock (_lock)
                return _works.Exists(w => w is { IsEnded: true, IsAttributed: false });
        }
    }

    /// <summary>Whether this prompt cannot be planned before a look: unpinned work has ended that may have left its beginning
    /// somewhere, or that may have overwritten a slot believed to hold it.</summary>
    public bool NeedsLookFor(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            return _works.Exists(w => w is { IsEnded: true, IsAttributed: false })
                && (_works.Exists(w => w is { IsEnded: true, IsAttributed: false, Result: { } result } && prompt.SharedWith(result.Chain) > 0)
                    || Array.Exists(_slots, s => s is { IsFree: true, Content: { } content } && prompt.SharedWith(content.Chain) > 0));
        }
    }

    /// <summary>The work of our own under way on a slot that this prompt should wait for: a warm-up that computes its beginning, or the
    /// saving of its conversation, or of the only slot that is not at work.</summary>
    public SlotWork? OwnWorkOn(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            return _works.Find(w => w is { IsEnded: false, IsOwn: true, Chain: { } chain } && prompt.SharedWith(chain) == chain.Length)
                ?? (Array.Exists(_slots, s => s.IsFree) ? null : _works.Find(w => w is { IsEnded: false, Slot: { } slot } && _slots[slot].IsBorrowed));
        }
    }

    /// <summary>Takes a free slot for saving what it holds; null when it is in use or holds something else by now.</summary>
    public SlotWork? TryBeginSave(int epoch, int slot, SlotContent content)
    {
        lock (_lock)
        {
            if (epoch != _epoch || slot >= _slots.Length || !_slots[slot].IsFree || !ReferenceEquals(_slots[slot].Content, content))
                return null;
            return Borrow_NeedsLock(_slots[slot], content.Chain);
        }
    }

    /// <summary>Takes a free slot that holds nothing of use to anybody, so that it may be emptied; null when there is none. Given back by
    /// <see cref="EndSave"/>.</summary>
    public SlotWork? TryBorrowSpare()
    {
        lock (_lock)
        {
            var spare = Array.Find(_slots, s => s is { IsFree: true } and ({ IsEmpty: true } or { Content.Chain.Length: 0 }));
            return spare is null ? null : Borrow_NeedsLock(spare, null);
        }
    }

    private SlotWork? Borrow_NeedsLock(Entry slot, PromptChain? chain)
    {
        if (_works.Exists(w => w is { IsEnded: false, IsPlaced: false, Slot: null }))
            return null; // it may be on its way to this slot
        var work = new SlotWork(_epoch, slot.Id, chain, weight: 1, _sequence++) { IsOwn = true, IsPlaced = true };
        _works.Add(work);
        slot.Borrow(work);
        return work;
    }

    /// <summary>A slot that was taken for saving is free again, and holds what it held.</summary>
    /// <param name="work">What <see cref="TryBeginSave"/> gave.</param>
    /// <param name="saved">The snapshot; null when it was not saved: then it is not tried again.</param>
    /// <param name="isContradicted">The server held something else.</param>
    public void EndSave(SlotWork work, SavedBeginning? saved, bool isContradicted)
    {
        lock (_lock)
        {
            if (work.Epoch != _epoch || work.IsEnded)
                return;
            work.IsEnded = true;
            work.SetEnded();
            _works.Remove(work);
            var slot = _slots[work.Slot!.Value];
            if (slot.GiveBack(work) is not { } content)
                return; // emptied meanwhile for another slot, or used by work of the server's choice
            if (isContradicted)
                slot.BecomeUnknown(isForeign: true);
            else
                slot.Content = saved is null ? content with { Tokens = 0 } : content with { IsSaved = true, Saved = saved };
        }
    }

    /// <summary>What free slots hold that no snapshot has all of.</summary>
    public IReadOnlyList<(int Slot, SlotContent Content)> Unsaved()
    {
        lock (_lock)
            return [.. _slots.Where(s => s is { IsFree: true, Content: { IsSaved: false, Coverage: >= 1 } }).Select(s => (s.Id, s.Content!))];
    }

    /// <summary>What a free slot holds; null when that is not known.</summary>
    public SlotContent? ContentOf(int slot)
    {
        lock (_lock)
            return slot < _slots.Length && _slots[slot].IsFree ? _slots[slot].Content : null;
    }

    /// <summary>To be called before the slot list is asked for; what happens after it is not judged by that list.</summary>
    public long BeginLook()
    {
        lock (_lock)
            return _sequence++;
    }

    /// <summary>Compares the slot list with what is believed, and learns from it.</summary>
    /// <param name="epoch">The epoch the list was asked for in.</param>
    /// <param name="look">What <see cref="BeginLook"/> gave.</param>
    /// <param name="rows">The list.</param>
    /// <param name="isSameConnection">The answer came over the connection of an earlier call, so from the same process.</param>
    public SlotVerdict Learn(int epoch, long look, IReadOnlyList<SlotObservation> rows, bool isSameConnection)
    {
        lock (_lock)
        {
            if (epoch != _epoch)
                return SlotVerdict.Doubt;
            if (look < _learned)
                return isSameConnection ? SlotVerdict.Same : SlotVerdict.Doubt; // another list was learned since this one was asked for: this one may be older
            if (rows.Count != _slots.Length)
                return SlotVerdict.Restarted;
            foreach (var row in rows)
            {
                if (row.Id < 0 || row.Id >= _slots.Length || row.TaskId is null && _slots[row.Id].TaskId is not null || row.TaskId < _slots[row.Id].TaskId)
                    return SlotVerdict.Restarted;
            }

            var isAnchored = rows.Any(row => row.TaskId is { } id && id == _slots[row.Id].TaskId);
            Learn_NeedsLock(look, rows);
            _learned = _sequence++;
            _isLookedAt = true;
            return isAnchored || isSameConnection ? SlotVerdict.Same : SlotVerdict.Doubt;
        }
    }

    /// <summary>Decides where a prompt should go: the cheapest of its ways, see <see cref="Planner"/>.</summary>
    /// <param name="prompt">The prompt, or null when nothing may be reused.</param>
    /// <param name="context">What is on disk, and how fast the backend is.</param>
    public SlotPlan Plan(CanonicalPrompt? prompt, in PlanContext context)
    {
        if (prompt is null)
            return new(PromptSource.Cold, null, 0);
        lock (_lock)
        {
            var rates = context.Rates with { HasRam = _ramMisses < 2 };
            var count = 0;
            var isForeign = false;
            var isLost = false;
            foreach (var slot in _slots)
            {
                if (!slot.IsFree)
                    continue;
                var (shared, isWhole) = SharedWith(slot, prompt, context);
                _shared[slot.Id] = shared;
                _options[count++] = Option(slot, prompt, shared, isWhole, rates, context);
                if (slot is { Content: null, IsEmpty: false })
                    (isForeign, isLost) = (isForeign || slot.IsForeign, isLost || !slot.IsForeign);
            }

            // The server chooses where it empties idle slots, which would bypass its RAM cache, and where some free slot may hold
            // the prompt's beginning without our knowing.
            var ram = InRam_NeedsLock(prompt);
            var question = new PlanQuestion
            {
                Tokens = prompt.Chain.Length * rates.TokensPerByte,
                Whole = context.Whole,
                Partial = context.Partial,
                RamTokens = ram * rates.TokensPerByte,
                MayPinCold = _isLookedAt && !_clearsIdleSlots && !isForeign && !(isLost && MayBeLost_NeedsLock(prompt)),
                Rates = rates,
            };
            var considered = new List<PlanOption>(5);
            var way = Planner.Choose(question, _options.AsSpan(0, count), considered);
            return new SlotPlan(way.Source, way.Slot, Bytes(way), way.IsFromRam) { IsPartial = way.IsPartial, SaveFirst = way.SaveFirst, Considered = considered, Chosen = way };

            int Bytes(in PlanOption option) => option.Source switch
            {
                PromptSource.Hot => _shared[option.Slot!.Value],
                PromptSource.Restored => option.IsPartial ? question.Partial.Length : question.Whole.Length,
                _ => option.IsFromRam ? ram : 0,
            };
        }
    }

    private static (int Shared, bool IsWhole) SharedWith(Entry slot, CanonicalPrompt prompt, in PlanContext context)
    {
        if (slot.Content is not { } content || !IsOpen(content, prompt))
            return (0, false);
        var shared = prompt.SharedWith(content.Chain);
        if (shared == content.Chain.Length)
            return (content.Length, true);
        // Blocks are coarse; a snapshot that both begin with tells the place exactly.
        if (content.Saved is { } saved && context.WholeChain is { } whole && whole.Length > shared && saved.Chain.Length == whole.Length && saved.Chain.End == whole.End)
            shared = whole.Length;
        return content.Coverage >= 1 ? (shared, false) : (0, false);
    }

    private static SlotOption Option(Entry slot, CanonicalPrompt prompt, int shared, bool isWhole, in Rates rates, in PlanContext context)
    {
        if (slot.Content is not { } content)
        {
            // Somebody's, perhaps: worth a little, so that it goes before a conversation that is known and after an empty slot.
            var unknown = slot.IsEmpty ? 0 : rates.PrefillSeconds(slot.PromptTokens ?? 0) * ChanceOfUnknown;
            return new SlotOption(slot.Id, slot.IsEmpty, 0, 0, false, unknown, 0, double.PositiveInfinity, slot.LastUsed);
        }

        var held = Worth.Held(content, rates);
        var loss = Worth.Loss(content, rates, context.Now);
        var uncovered = held - (content.Saved?.Tokens ?? 0);
        var beyond = uncovered <= 0 || (content.Session is { } session && session == prompt.Session)
            ? 0 // the client goes back in its own conversation
            : loss * Math.Clamp((held - (shared * rates.TokensPerByte)) / uncovered, 0, 1);
        var mayBeSaved = loss > 0 && context.LeastSaved > 0 && content is { Coverage: >= 1, IsSide: false, Turns: > 0 } && content.Tokens >= context.LeastSaved;
        var saveCost = !mayBeSaved ? double.PositiveInfinity : context.SavesAll ? 0 : Worth.SaveCost(content, rates);
        return new SlotOption(slot.Id, slot.IsEmpty, shared * rates.TokensPerByte, held, isWhole, loss, beyond, saveCost, slot.LastUsed);
    }

    /// <summary>Whether this prompt's client may reuse that content.</summary>
    private static bool IsOpen(SlotContent content, CanonicalPrompt prompt) => content.Domain is null || content.Domain == prompt.Domain;

    /// <summary>Plans and begins in one step, where neither a restore, nor a save, nor a look is needed; null otherwise.</summary>
    /// <param name="epoch">The epoch of the caller's knowledge.</param>
    /// <param name="prompt">As for <see cref="Plan"/>.</param>
    /// <param name="context">As for <see cref="Plan"/>.</param>
    /// <param name="weight">How many slots it occupies.</param>
    /// <param name="isWarmUp">Background work.</param>
    /// <param name="isLookOld">A slot that is only chosen because it is free may not be free any more.</param>
    public (SlotPlan Plan, SlotWork Work)? TryPlanAndBegin(int epoch, CanonicalPrompt? prompt, in PlanContext context, int weight, bool isWarmUp, bool isLookOld)
    {
        lock (_lock)
        {
            var plan = Plan(prompt, context);
            return plan is not ({ Source: PromptSource.Restored } or { SaveFirst: true }) && !(isLookOld && plan is { Source: PromptSource.Cold, Slot: not null }) && TryBegin(epoch, plan, prompt?.Chain, weight, isWarmUp) is { } work ? (plan, work) : null;
        }
    }

    /// <summary>Begins work as planned; null when the slot list has to be looked at first (see the type's summary).</summary>
    public SlotWork? TryBegin(int epoch, SlotPlan plan, PromptChain? chain, int weight = 1, bool isWarmUp = false)
    {
        lock (_lock)
        {
            if (epoch != _epoch)
                return null;
            foreach (var other in _works)
            {
                if (other is { IsEnded: false, IsPlaced: false } && (other.Slot.HasValue != plan.Slot.HasValue || (_clearsIdleSlots && other.Slot is not null)))
                    return null;
            }

            if (plan.Slot is { } wanted && (wanted >= _slots.Length || !_slots[wanted].IsFree))
                return null;
            foreach (var other in _works)
                other.IsDisputed |= plan.Slot is null;
            var work = new SlotWork(_epoch, plan.Slot, chain, weight, _sequence++)
            {
                IsDisputed = _works.Exists(w => w is { Slot: null, IsAttributed: false }),
                IsOwn = isWarmUp,
                ExpectedFromRam = plan.IsExpectedInRam && chain is not null ? plan.Shared / (double)chain.Length : 0,
            };
            _works.Add(work);
            if (plan.Slot is { } id)
            {
                if (plan.Source == PromptSource.Cold)
                    Displace_NeedsLock(_slots[id]);
                _slots[id].Take(work, _sequence++);
            }

            foreach (var slot in _clearsIdleSlots ? _slots : [])
            {
                if (slot.IsFree || slot.IsBorrowed)
                    Displace_NeedsLock(slot);
            }

            return work;
        }
    }

    /// <summary>The backend has begun this work (its first byte came). For unpinned work any later look shows its slot.</summary>
    public void Started(SlotWork work)
    {
        lock (_lock)
        {
            if (work.Slot is not null)
                work.IsPlaced = true;
            else
                work.Started = _sequence++;
        }
    }

    /// <summary>The slot of pinned work was loaded or emptied by us before the work itself.</summary>
    public void SetContent(SlotWork work, SlotContent? content)
    {
        lock (_lock)
        {
            if (work.Epoch == _epoch && work.Slot is { } slot)
                _slots[slot].Set(content, null, isDisputed: false, _sequence++);
        }
    }

    /// <summary>A slot's content became safe on disk, if it is still that content.</summary>
    public void MarkSaved(int epoch, int slot, SavedBeginning saved)
    {
        lock (_lock)
        {
            if (epoch == _epoch && _slots[slot].Content is { } content && content.Chain.End == saved.Chain.End)
                _slots[slot].Content = content with { IsSaved = true, Saved = saved };
        }
    }

    /// <summary>A snapshot is gone: what slots hold of it is nowhere else any more. It is not saved again before it is used again: it went
    /// because it was worth least, or because somebody wanted it gone.</summary>
    public void ForgetSaved(string file)
    {
        lock (_lock)
        {
            foreach (var slot in _slots)
            {
                if (!slot.IsBorrowed && slot.Content is { } content && content.Saved?.File == file) // one that is being saved gets a newer one
                    slot.Content = content with { IsSaved = false, Saved = null, Tokens = 0 };
            }
        }
    }

    /// <summary>Whether this prompt calls itself part of a conversation that some slot holds, and shares nothing with it: a title, a
    /// summary or another question about it.</summary>
    public bool IsBesideItsConversation(CanonicalPrompt prompt)
    {
        if (prompt.Session is not { } session)
            return false;
        lock (_lock)
        {
            return Array.Exists(_slots, s => s.Content is { } content && content.Session == session && content.Domain == prompt.Domain
                && prompt.SharedWith(content.Chain) <= Planner.LeastSimilarity * prompt.Chain.Length);
        }
    }

    /// <summary>The work has ended and its slot is idle.</summary>
    /// <param name="work">The work.</param>
    /// <param name="result">What its slot holds now; null when that is not known.</param>
    /// <param name="heldTokens">Tokens its slot holds now, as the answer told.</param>
    /// <param name="slot">The slot, where the answer to unpinned work told it.</param>
    public void End(SlotWork work, SlotContent? result, int? heldTokens, int? slot = null)
    {
        lock (_lock)
        {
            if (work.Epoch != _epoch || work.IsEnded)
                return;
            work.IsEnded = true;
            work.SetEnded();
            work.Ended = _sequence++;
            work.Result = result;
            work.HeldTokens = heldTokens;
            if ((work.Slot ?? slot) is not { } used || used >= _slots.Length)
                return;
            if (work.Slot is null && _slots[used].IsBusy && _works.Exists(w => w is { IsEnded: false, Slot: null }))
                return; // the next one may be on that slot by now: a look tells
            if (work.Slot is null)
                Displace_NeedsLock(_slots[used]);
            if (result is null)
                Lose_NeedsLock(_slots[used], work.Chain);
            _slots[used].Leave(work, result, heldTokens, _sequence++);
            work.IsAttributed = true;
            if (work.Slot is not null)
                _works.Remove(work);
        }
    }

    /// <summary>Whether, with these slots at work, fewer unpinned works run on the backend than are under way here: one that was
    /// cancelled has left its slot.</summary>
    public bool IsUnpinnedIdle(IEnumerable<int> processing)
    {
        lock (_lock)
            return processing.Count(id => id < _slots.Length && _slots[id].IsOthersOnly) < _works.Where(w => w is { IsEnded: false, Slot: null }).Sum(w => w.Weight);
    }

    public IReadOnlyList<SlotView> View()
    {
        lock (_lock)
            return [.. _slots.Select(s => new SlotView(s.Id, s.Owner is not null || s.IsBusy, s.Content, s.TaskId, s.PromptTokens))];
    }

    private void Learn_NeedsLock(long look, IReadOnlyList<SlotObservation> rows)
    {
        var ended = _works.Where(w => w.IsEnded && w.Ended < look).ToList();
        var unpinned = _works.Where(w => w is { IsEnded: false, Slot: null }).ToList();
        var areOthers = _works.Exists(w => w is { Slot: null, IsAttributed: false });
        var processing = 0;
        var isPartial = false;
        foreach (var row in rows)
        {
            var slot = _slots[row.Id];
            if (slot.Touched > look)
            {
                isPartial = true;
                continue; // taken or set by us since: the row is older than what we know
            }

            slot.PromptTokens = row.PromptTokens;
            if (row.PromptTokens == 0 && slot.IsOthersOnly)
                Displace_NeedsLock(slot); // emptied by the server for another slot
            if (slot.Owner is { } owner && !slot.IsOthersOnly)
            {
                isPartial |= row.IsProcessing; // by its owner, or by unpinned work that took it when its owner was done
                owner.IsPlaced |= row.IsProcessing; // its task's number says nothing: an earlier unpinned work may have moved it
                continue; // its number is learned once the work has ended
            }

            slot.IsBusy = row.IsProcessing;
            processing += row.IsProcessing ? 1 : 0;
            if (slot.IsTaskIdOurs)
            {
                // The first look after work of ours. Unpinned work may have taken the slot since; then the number of tokens tells.
                slot.TaskId = row.TaskId;
                slot.IsTaskIdOurs = false;
                if ((areOthers || slot.IsDisputed) && (row.IsProcessing || slot.HeldTokens is not { } held || held != row.PromptTokens))
                {
                    Displace_NeedsLock(slot);
                    slot.LastUsed = _sequence;
                    slot.Change = Change.Suspected;
                }
            }
            else if (row.TaskId != slot.TaskId)
            {
                slot.TaskId = row.TaskId;
                Displace_NeedsLock(slot);
                slot.LastUsed = _sequence;
                slot.Change = Change.Seen;
            }
        }

        // Every unpinned work that the list can show is on one of the slots now marked busy, or has left its slot already.
        var areAllShown = processing >= _works.Where(w => w.Slot is null && !(w.IsEnded && w.Ended < look)).Sum(w => w.Weight);
        foreach (var work in unpinned)
            work.IsPlaced |= areAllShown ? work.Begun < look : work.Started < look && !isPartial;

        var running = _works.Count(w => w.Slot is null && !ended.Contains(w));
        var results = ended.FindAll(w => !w.IsAttributed);
        var changed = Array.FindAll(_slots, s => s is { Change: Change.Seen, IsOthersOnly: true, IsBusy: false } && s.Touched < look).ToList();
        var suspected = Array.FindAll(_slots, s => s is { Change: Change.Suspected, IsOthersOnly: true, IsBusy: false } && s.Touched < look).ToList();
        if (running == 0 && results.Count > 0 && results.TrueForAll(w => ReferenceEquals(w.Result, SlotContent.Nothing)))
            changed.ForEach(s => s.Content = SlotContent.Nothing); // a probe uses several slots
        Attribute(results, changed, suspected, isQuiet: running == 0);

        // What is not told apart now never will be: the next result must not be taken for this one.
        var dropped = results.FindAll(w => !w.IsAttributed);
        var unknown = changed.Concat(suspected).Where(s => s.Content is null).ToList();
        if (dropped.Count > 0 || running == 0)
            unknown.ForEach(s => s.BecomeUnknown(isForeign: unknown.Count > dropped.Count + running || dropped.Exists(w => w.Result is null)));
        dropped.ForEach(w => Lose_NeedsLock(w.Result));
        foreach (var work in ended)
            _works.Remove(work);
        if (!Array.Exists(_slots, s => s is { Content: null, IsEmpty: false }))
            _lost.Clear();
    }

    /// <summary>Finds out which slot each ended unpinned work had used: the only one that changed, or the only one with its number of tokens.</summary>
    private static void Attribute(List<SlotWork> results, List<Entry> changed, List<Entry> suspected, bool isQuiet)
    {
        if (results.Count == 1 && changed.Count == 1 && suspected.Count == 0 && changed[0].PromptTokens != 0 && isQuiet)
        {
            Give(changed[0], results[0]);
            return;
        }

        foreach (var work in results)
        {
            if (work.HeldTokens is not { } tokens || results.Count(w => w.HeldTokens == tokens) > 1)
                continue;
            var fitting = changed.Concat(suspected).Where(s => s.PromptTokens == tokens).ToList();
            if (fitting.Count == 1)
                Give(fitting[0], work);
        }

        static void Give(Entry slot, SlotWork work)
        {
            work.IsAttributed = true;
            if (work.Result is { } result)
                slot.Content = result;
            else
                slot.BecomeUnknown(isForeign: true);
        }
    }

    private void Lose_NeedsLock(SlotContent? content)
    {
        if (content is not null)
            Remember(_lost, content);
    }

    private static void Remember(LinkedList<SlotContent> contents, SlotContent content)
    {
        contents.AddFirst(content);
        if (contents.Count > RememberedLimit)
            contents.RemoveLast();
    }

    /// <summary>Work that was not completed leaves its slot with what it held before, or with a part of its prompt.</summary>
    private void Lose_NeedsLock(Entry slot, PromptChain? chain)
    {
        Lose_NeedsLock(slot.Content);
        if (chain is not null)
            Lose_NeedsLock(new SlotContent(chain, 1, IsSaved: false));
        slot.BecomeUnknown(isForeign: chain is null || slot is { Content: null, IsEmpty: false, IsForeign: true });
    }

    /// <summary>Whether a free slot holds something that is nowhere else: restoring over it would lose it.</summary>
    public bool HoldsUnsaved(int slot)
    {
        lock (_lock)
            return slot < _slots.Length && !_slots[slot].IsEmpty && _slots[slot].Content is not ({ IsSaved: true } or { IsSide: true });
    }

    /// <summary>The backend kept, or did not keep, what a plan expected in its RAM cache. Twice not, and it is not expected again:
    /// the cache may be switched off (--cache-ram 0) or too small.</summary>
    public void RamCacheAnswered(int epoch, bool hadIt)
    {
        lock (_lock)
        {
            if (epoch == _epoch)
                _ramMisses = hadIt ? 0 : _ramMisses + 1;
        }
    }

    /// <summary>What the server displaced by itself it put into its RAM cache.</summary>
    private void Displace_NeedsLock(Entry slot)
    {
        if (slot.Content is { IsSaved: false, Length: > 0 } content)
            Remember(_displaced, content);
        slot.Content = null;
    }

    /// <summary>Whether what some slot holds, nobody knows which, may be a beginning of this prompt that is worth looking for.</summary>
    private bool MayBeLost_NeedsLock(CanonicalPrompt prompt)
    {
        for (var node = _lost.First; node is not null; node = node.Next)
        {
            if (IsOpen(node.Value, prompt) && prompt.SharedWith(node.Value.Chain) > Planner.LeastSimilarity * prompt.Chain.Length)
                return true;
        }

        return false;
    }

    private int InRam_NeedsLock(CanonicalPrompt prompt)
    {
        var longest = 0;
        for (var node = _ramMisses < 2 ? _displaced.First : null; node is not null; node = node.Next)
        {
            if (node.Value.Length > longest && IsOpen(node.Value, prompt) && prompt.SharedWith(node.Value.Chain) == node.Value.Chain.Length)
                longest = node.Value.Length;
        }

        return longest;
    }

    private enum Change
    {
        None,

        /// <summary>Another number of tokens than our work left: it may be ours all the same.</summary>
        Suspected,

        /// <summary>Its task's number rose.</summary>
        Seen,
    }

    private sealed class Entry(int id)
    {
        public int Id { get; } = id;

        public SlotContent? Content
        {
            get;
            set
            {
                field = value;
                if (value is not null)
                    (Change, IsForeign) = (Change.None, false);
            }
        }

        /// <summary>Whether unpinned work has used it, or somebody else, since its content was known; whose it was is not found out yet.</summary>
        public Change Change { get; set; }

        /// <summary>What it holds is not known, and no prompt of ours is known to explain it.</summary>
        public bool IsForeign { get; private set; }

        public SlotWork? Owner { get; private set; }

        /// <summary>Unpinned work was seen on it.</summary>
        public bool IsBusy { get; set; }

        /// <summary>The task number of the last look; the next look may show a higher one that is ours.</summary>
        public long? TaskId { get; set; }

        public bool IsTaskIdOurs { get; set; }

        public int? PromptTokens { get; set; }

        /// <summary>Tokens our last work left in it, as its answer told.</summary>
        public int? HeldTokens { get; private set; }

        /// <summary>Unpinned work ran beside our last work and may have taken the slot after it.</summary>
        public bool IsDisputed { get; private set; }

        public long LastUsed { get; set; }

        /// <summary>When we last took, left or loaded it.</summary>
        public long Touched { get; private set; } = -1;

        public bool IsFree => Owner is null && !IsBusy;

        /// <summary>No request of ours is pinned to it: a task on it is unpinned work, or somebody else's. A save has none.</summary>
        public bool IsOthersOnly => Owner is null || IsBorrowed;

        public bool IsEmpty => Content is null && !IsTaskIdOurs && PromptTokens is null or 0;

        public void BecomeUnknown(bool isForeign)
        {
            Content = null;
            Change = Change.None;
            IsForeign = isForeign;
        }

        public void Take(SlotWork work, long now)
        {
            Owner = work;
            Change = Change.None;
            LastUsed = Touched = now;
        }

        /// <summary>It is being saved: its owner changes nothing in it.</summary>
        public bool IsBorrowed { get; private set; }

        private SlotContent? _lent;

        /// <summary>Takes it without a task on the backend: its number, its tokens and its content stay.</summary>
        public void Borrow(SlotWork work) => (Owner, IsBorrowed, _lent) = (work, true, Content);

        /// <returns>What it held when it was taken, if it still does.</returns>
        public SlotContent? GiveBack(SlotWork work)
        {
            if (!ReferenceEquals(Owner, work))
                return null;
            var content = ReferenceEquals(Content, _lent) ? Content : null;
            (Owner, IsBorrowed, _lent) = (null, false, null);
            return content;
        }

        public void Set(SlotContent? content, int? heldTokens, bool isDisputed, long now)
        {
            Content = content;
            IsTaskIdOurs = true;
            (HeldTokens, IsDisputed) = (heldTokens, isDisputed);
            LastUsed = Touched = now;
        }

        public void Leave(SlotWork work, SlotContent? content, int? heldTokens, long now)
        {
            if (ReferenceEquals(Owner, work))
                Owner = null;
            IsBusy = false;
            PromptTokens = heldTokens ?? PromptTokens;
            Set(content, heldTokens, work.IsDisputed, now);
        }
    }
}
