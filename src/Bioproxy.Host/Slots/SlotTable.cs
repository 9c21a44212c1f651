using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Slots;

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
/// A server with a unified KV cache empties its idle slots (into its RAM cache) whenever another slot starts. There every
/// beginning makes what free slots hold unknown, and nothing begins while a pinned slot waits for its request.
/// </para>
/// </summary>
internal sealed class SlotTable
{
    private readonly Lock _lock = new();
    /// <summary>What is remembered of displaced prompts, and of those in unknown slots; the server keeps more than this only of short ones.</summary>
    private const int RememberedLimit = 64;

    private readonly List<SlotWork> _works = [];
    private readonly LinkedList<SlotContent> _displaced = new();

    /// <summary>Contents that are in some slot, nobody knows which.</summary>
    private readonly LinkedList<SlotContent> _lost = new();
    private int _ramMisses;
    private Entry[] _slots = [];
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

    /// <summary>The warm-up under way that computes this prompt's own beginning, if there is one.</summary>
    public SlotWork? WarmUpOf(CanonicalPrompt prompt)
    {
        lock (_lock)
            return _works.Find(w => w is { IsEnded: false, IsWarmUp: true, Chain: { } chain } && prompt.SharedWith(chain) == chain.Length);
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

    /// <summary>Decides where a prompt should go. A slot that holds a whole beginning of the prompt is continued; a snapshot that
    /// covers more is restored; a slot that shares much but not all of its content is rolled back only when there is no snapshot.
    /// A prompt with none of these goes where the backend would put it, or is left to it (see <see cref="Choice"/>).</summary>
    /// <param name="prompt">The prompt, or null when nothing may be reused.</param>
    /// <param name="snapshotLength">Bytes that the best snapshot covers; 0 when there is none that may be used.</param>
    public SlotPlan Plan(CanonicalPrompt? prompt, int snapshotLength)
    {
        if (prompt is null)
            return new(PromptSource.Cold, null, 0);
        lock (_lock)
        {
            Entry? whole = null;
            Entry? partial = null;
            var wholeLength = 0;
            var partialLength = 0;
            var choice = new Choice(prompt.Chain.Length);
            foreach (var slot in _slots)
            {
                if (!slot.IsFree)
                    continue;
                var shared = slot.Content is null ? 0 : prompt.SharedWith(slot.Content.Chain);
                choice.Consider(slot, shared);
                if (slot.Content is not { } content)
                    continue;
                if (shared == content.Chain.Length && content.Length > wholeLength)
                    (whole, wholeLength) = (slot, content.Length);
                else if (content.Coverage >= 1 && shared < content.Chain.Length && shared * 2 >= content.Chain.Length && shared > partialLength)
                    (partial, partialLength) = (slot, shared);
            }

            // What is proven goes before what the server probably kept, unless that is much more (a long conversation).
            if (InRam_NeedsLock(prompt) is var ram && ram > MuchMore(snapshotLength) && ram > MuchMore(wholeLength) && ram > MuchMore(partialLength))
                return new(PromptSource.Cold, Choose_NeedsLock(prompt, choice, isInRam: true), ram, IsExpectedInRam: true);
            if (whole is not null && wholeLength >= snapshotLength)
                return new(PromptSource.Hot, whole.Id, wholeLength);
            if (snapshotLength > 0 && snapshotLength >= partialLength && Target_NeedsLock() is { } target)
                return new(PromptSource.Restored, target, snapshotLength);
            if (whole is not null && wholeLength >= partialLength)
                return new(PromptSource.Hot, whole.Id, wholeLength);
            return partial is not null ? new(PromptSource.Hot, partial.Id, partialLength) : new(PromptSource.Cold, Choose_NeedsLock(prompt, choice, isInRam: false), 0);
        }
    }

    /// <summary>Plans and begins in one step, where neither a restore nor a look is needed; null otherwise.</summary>
    /// <param name="epoch">The epoch of the caller's knowledge.</param>
    /// <param name="prompt">As for <see cref="Plan"/>.</param>
    /// <param name="snapshotLength">As for <see cref="Plan"/>.</param>
    /// <param name="weight">How many slots it occupies.</param>
    /// <param name="isWarmUp">Background work.</param>
    /// <param name="isLookOld">A slot that is only chosen because it is free may not be free any more.</param>
    public (SlotPlan Plan, SlotWork Work)? TryPlanAndBegin(int epoch, CanonicalPrompt? prompt, int snapshotLength, int weight, bool isWarmUp, bool isLookOld)
    {
        lock (_lock)
        {
            var plan = Plan(prompt, snapshotLength);
            return plan.Source != PromptSource.Restored && !(isLookOld && plan is { Source: PromptSource.Cold, Slot: not null }) && TryBegin(epoch, plan, prompt?.Chain, weight, isWarmUp) is { } work ? (plan, work) : null;
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
                IsWarmUp = isWarmUp,
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
                if (slot.IsFree)
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
    public void MarkSaved(int epoch, int slot, PromptChain chain)
    {
        lock (_lock)
        {
            if (epoch == _epoch && _slots[slot].Content is { } content && content.Chain.End == chain.End)
                _slots[slot].Content = content with { IsSaved = true };
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
            return processing.Count(id => id < _slots.Length && _slots[id].Owner is null) < _works.Where(w => w is { IsEnded: false, Slot: null }).Sum(w => w.Weight);
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
            if (row.PromptTokens == 0 && slot.Owner is null)
                Displace_NeedsLock(slot); // emptied by the server for another slot
            if (slot.Owner is { } owner)
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
        var changed = Array.FindAll(_slots, s => s is { Change: Change.Seen, IsFree: true } && s.Touched < look).ToList();
        var suspected = Array.FindAll(_slots, s => s is { Change: Change.Suspected, IsFree: true } && s.Touched < look).ToList();
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
            return slot < _slots.Length && !_slots[slot].IsEmpty && _slots[slot].Content is not { IsSaved: true };
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

    /// <summary>The slot to pin a prompt to of which no slot is known to hold enough. The server chooses where it empties idle slots, which
    /// would bypass its RAM cache, and where some free slot may hold the prompt's beginning without our knowing.</summary>
    private int? Choose_NeedsLock(CanonicalPrompt prompt, Choice choice, bool isInRam)
    {
        if (!_isLookedAt || _clearsIdleSlots || choice.IsForeign)
            return null;
        for (var node = choice.IsLost ? _lost.First : null; node is not null; node = node.Next)
        {
            if (choice.IsEnough(prompt.SharedWith(node.Value.Chain)))
                return null;
        }

        return choice.Of(isInRam);
    }

    private static int MuchMore(int length) => length == 0 ? 0 : (length * 4 / 3) + PromptChain.BlockSize;

    private int InRam_NeedsLock(CanonicalPrompt prompt)
    {
        var longest = 0;
        for (var node = _ramMisses < 2 ? _displaced.First : null; node is not null; node = node.Next)
        {
            if (node.Value.Length > longest && prompt.SharedWith(node.Value.Chain) == node.Value.Chain.Length)
                longest = node.Value.Length;
        }

        return longest;
    }

    /// <summary>The slot whose loss costs least: empty, then saved on disk, then least recently used.</summary>
    private int? Target_NeedsLock() => _slots.Where(s => s.IsFree)
        .OrderBy(s => s.IsEmpty ? 0 : s.Content is { IsSaved: true } ? 1 : 2).ThenBy(s => s.LastUsed).Select(s => (int?)s.Id).FirstOrDefault();

    /// <summary>
    /// Where the backend itself would put a prompt that nobody holds: the free slot that shares the most with it, else the least
    /// recently used. Pinned there it is served as if unpinned (llama-server's RAM cache is asked for every slot but an empty
    /// one), and nobody has to look afterwards where it went.
    /// </summary>
    private struct Choice(int promptLength)
    {
        /// <summary>llama-server's own default (--slot-prompt-similarity).</summary>
        private const double LeastSimilarity = 0.1;

        private Entry? _oldest;
        private Entry? _oldestFilled;
        private Entry? _nearest;
        private int _nearestShared;

        /// <summary>A free slot holds what no work of ours has left there.</summary>
        public bool IsForeign { get; private set; }

        /// <summary>A free slot holds what some work of ours has left there.</summary>
        public bool IsLost { get; private set; }

        public void Consider(Entry slot, int shared)
        {
            if (slot is { Content: null, IsEmpty: false })
                (IsForeign, IsLost) = (IsForeign || slot.IsForeign, IsLost || !slot.IsForeign);
            if (_oldest is null || (!slot.IsEmpty, slot.LastUsed).CompareTo((!_oldest.IsEmpty, _oldest.LastUsed)) < 0)
                _oldest = slot;
            if (!slot.IsEmpty && (_oldestFilled is null || slot.LastUsed < _oldestFilled.LastUsed))
                _oldestFilled = slot;
            if (shared > _nearestShared && IsEnough(shared))
                (_nearest, _nearestShared) = (slot, shared);
        }

        public readonly bool IsEnough(int shared) => shared > LeastSimilarity * promptLength;

        /// <param name="isInRam">The RAM cache has what it needs: an empty slot would not ask it.</param>
        /// <returns>The slot; null when there is none.</returns>
        public readonly int? Of(bool isInRam) => isInRam ? _oldestFilled?.Id : (_nearest ?? _oldest)?.Id;
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
