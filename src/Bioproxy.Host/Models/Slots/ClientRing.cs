namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Those who wait in one lane, in the order of their turns. Invariants: a client is in the ring exactly while somebody of it
/// waits, once, with one line in order of arrival; the first client of the ring has the turn and, served, goes to the ring's end;
/// a hot waiter may go before those whose turn it is, but nobody is passed more than <see cref="MaxPassed"/> times, and nobody
/// goes past one who has the turn and does not fit. Guarded by the queue's lock.
/// </summary>
internal sealed class ClientRing
{
    public const int MaxPassed = 3;

    /// <summary>How many waiters are considered for going before the one whose turn it is: a long queue costs no more than a
    /// short one.</summary>
    public const int MaxCandidates = 16;

    private readonly LinkedList<Line> _ring = new();
    private readonly Dictionary<ulong, Line> _lines = [];

    /// <summary>How many wait, of all clients.</summary>
    public int Count { get; private set; }

    /// <summary>How many slots they ask for.</summary>
    public int Weight { get; private set; }

    /// <summary>Slot seconds that their prompts are expected to take.</summary>
    public double PromptSeconds { get; private set; }

    public void Add(QueueWaiter waiter)
    {
        if (!_lines.TryGetValue(waiter.Entry.Client, out var line))
        {
            line = new Line();
            _lines.Add(waiter.Entry.Client, line);
            _ring.AddLast(line.Place);
        }

        waiter.Node = line.Waiters.AddLast(waiter);
        Change(1, waiter.Entry);
    }

    /// <summary>Removes one who leaves. Its client keeps its place in the ring while others of it wait.</summary>
    public void Remove(QueueWaiter waiter)
    {
        var line = _lines[waiter.Entry.Client];
        line.Waiters.Remove(waiter.Node!);
        waiter.Node = null;
        Change(-1, waiter.Entry);
        if (line.Waiters.Count > 0)
            return;
        _lines.Remove(waiter.Entry.Client);
        _ring.Remove(line.Place);
    }

    /// <summary>Takes out the one who goes next.</summary>
    /// <param name="room">The largest weight that fits.</param>
    /// <returns>Null when nobody waits, or when the one whose turn it is does not fit.</returns>
    public QueueWaiter? Take(int room)
    {
        if (_ring.First is not { } first || first.Value.Head.Entry.Weight > room)
            return null;
        var next = Next(first, room);
        var line = _lines[next.Entry.Client];
        for (var before = line.Place.Previous; before is not null; before = before.Previous)
            before.Value.Head.Passed++;
        for (var before = next.Node!.Previous; before is not null; before = before.Previous)
            before.Value.Passed++;
        Remove(next);
        if (line.Waiters.Count > 0)
        {
            _ring.Remove(line.Place);
            _ring.AddLast(line.Place);
        }

        return next;
    }

    /// <summary>The one whose turn it is, unless a hot one may go before it: the first of the other clients' heads, else the first in the
    /// same client's line, which uses its client's turn and passes only its own.</summary>
    private static QueueWaiter Next(LinkedListNode<Line> first, int room)
    {
        var turn = first.Value.Head;
        if (turn.Passed == MaxPassed || IsHot(turn))
            return turn;
        var candidates = 0;
        for (var passed = first; passed.Next is { } place && MayPass(passed.Value.Head); passed = place)
        {
            if (MayGo(place.Value.Head))
                return place.Value.Head;
        }

        for (var passed = turn.Node!; passed.Next is { } node && MayPass(passed.Value); passed = node)
        {
            if (MayGo(node.Value))
                return node.Value;
        }

        return turn;

        bool MayPass(QueueWaiter waiter) => waiter.Passed < MaxPassed && candidates++ < MaxCandidates;

        bool MayGo(QueueWaiter waiter) => waiter.Entry.Weight <= room && IsHot(waiter);
    }

    private void Change(int by, in QueueEntry entry)
    {
        Count += by;
        Weight += by * entry.Weight;
        PromptSeconds = Count == 0 ? 0 : PromptSeconds + (by * entry.Weight * entry.PromptSeconds); // no sum of rounding errors
    }

    private static bool IsHot(QueueWaiter waiter) => waiter.Entry.IsHot?.Invoke() ?? false;

    /// <summary>One client's waiters.</summary>
    private sealed class Line
    {
        public Line() => Place = new LinkedListNode<Line>(this);

        public LinkedListNode<Line> Place { get; }

        public LinkedList<QueueWaiter> Waiters { get; } = new();

        /// <summary>There always is one: an empty line is not in the ring.</summary>
        public QueueWaiter Head => Waiters.First!.Value;
    }
}
