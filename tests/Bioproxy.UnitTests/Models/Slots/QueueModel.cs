using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>The rules of the queue as plainly as they can be written, for comparison.</summary>
internal sealed class QueueModel(int capacity, int maxLength, TimeSpan maxWait)
{
    private readonly List<Entry> _waiting = [];
    private readonly List<Entry> _active = [];
    private readonly List<(Lane Lane, ulong Client)> _turns = [];

    public int Capacity { get; private set; } = capacity;

    public TimeSpan Now { get; private set; }

    public IReadOnlyList<Entry> Active => _active;

    public IReadOnlyList<Entry> Waiting => _waiting;

    public long Grants { get; private set; }

    /// <summary>Grants to one whose turn it was not.</summary>
    public int Overtakings { get; private set; }

    /// <summary>Turns at which a hot one that fitted had to wait because somebody had been passed often enough.</summary>
    public int Barred { get; private set; }

    public QueueView View => new(
        Capacity,
        _active.Sum(e => e.Granted),
        _waiting.Count(e => e.Lane == Lane.Interactive),
        _waiting.Count(e => e.Lane == Lane.Batch),
        _waiting.Count(e => e.Lane == Lane.WarmUp),
        _active.Count(e => e.Lane == Lane.Interactive),
        _active.Count(e => e.Lane == Lane.Batch),
        _active.Count(e => e.Lane == Lane.WarmUp));

    public void Arrive(Entry entry)
    {
        entry.Since = Now;
        if (entry.Lane != Lane.WarmUp)
        {
            foreach (var warmUp in _active.Where(e => e.Lane == Lane.WarmUp))
                warmUp.IsPreempted = true;
        }

        _waiting.Add(entry);
        if (!_turns.Contains((entry.Lane, entry.Client)))
            _turns.Add((entry.Lane, entry.Client));
        Grant();
        if (entry.State == EntryState.Waiting && entry.Lane != Lane.WarmUp && _waiting.Count(e => e.Lane == entry.Lane) > maxLength)
            Leave(entry, EntryState.Full);
    }

    public void Release(Entry entry)
    {
        _active.Remove(entry);
        entry.State = EntryState.Released;
        Grant();
    }

    public void Cancel(Entry entry) => Leave(entry, EntryState.Cancelled);

    public void SetCapacity(int value)
    {
        Capacity = value;
        Grant();
    }

    public void Advance(TimeSpan by)
    {
        var end = Now + by;
        while (_waiting.Where(e => e.Lane != Lane.WarmUp && e.Since + maxWait <= end).OrderBy(e => e.Since).FirstOrDefault() is { } due)
        {
            Now = due.Since + maxWait;
            Leave(due, EntryState.TimedOut);
        }

        Now = end;
    }

    private void Leave(Entry entry, EntryState state)
    {
        Remove(entry);
        entry.State = state;
        Grant();
    }

    private void Remove(Entry entry)
    {
        _waiting.Remove(entry);
        if (Line(entry.Lane, entry.Client).Count == 0)
            _turns.Remove((entry.Lane, entry.Client));
    }

    private void Grant()
    {
        while (Next() is { } next)
        {
            foreach (var passed in PassedBy(next))
                passed.Passed++;
            var turn = (next.Lane, next.Client);
            Remove(next);
            if (_turns.Remove(turn))
                _turns.Add(turn);
            next.Granted = Math.Min(next.Weight, Capacity);
            next.Number = ++Grants;
            next.State = EntryState.Active;
            _active.Add(next);
        }
    }

    private Entry? Next()
    {
        foreach (var lane in Enum.GetValues<Lane>())
        {
            if (lane == Lane.WarmUp && _active.Any(e => e.Lane != Lane.WarmUp))
                return null;
            if (_waiting.Any(e => e.Lane == lane))
                return Next(lane);
        }

        return null;
    }

    private Entry? Next(Lane lane)
    {
        var heads = Heads(lane);
        var turn = heads[0];
        if (!Fits(turn))
            return null;
        if (lane == Lane.WarmUp || turn.IsHot)
            return turn;
        var others = heads.Concat(Line(lane, turn.Client)).Where(e => e != turn).ToList();
        var candidates = others.FindAll(e => PassedBy(e).TrueForAll(p => p.Passed < 3));
        var hot = candidates.Take(16).FirstOrDefault(e => e.IsHot && Fits(e));
        Barred += hot is null && others.Exists(e => e.IsHot && Fits(e) && !candidates.Contains(e)) ? 1 : 0;
        Overtakings += hot is not null ? 1 : 0;
        return hot ?? turn;
    }

    private List<Entry> PassedBy(Entry entry) =>
        [.. Heads(entry.Lane).TakeWhile(head => head.Client != entry.Client), .. Line(entry.Lane, entry.Client).TakeWhile(e => e != entry)];

    private List<Entry> Heads(Lane lane) => [.. _turns.Where(t => t.Lane == lane).Select(t => Line(lane, t.Client)[0])];

    private List<Entry> Line(Lane lane, ulong client) => _waiting.FindAll(e => e.Lane == lane && e.Client == client);

    private bool Fits(Entry entry) => _active.Sum(e => e.Granted) + Math.Min(entry.Weight, Capacity) <= Capacity;

    internal enum EntryState
    {
        Waiting,
        Active,
        Released,
        Cancelled,
        TimedOut,
        Full,
    }

    /// <summary>A warm-up's client and hotness count for nothing.</summary>
    internal sealed class Entry(Lane lane, int weight, ulong client)
    {
        public Lane Lane { get; } = lane;

        public int Weight { get; } = weight;

        public ulong Client { get; } = lane == Lane.WarmUp ? 0 : client;

        public bool IsHot { get; set; }

        public int Passed { get; set; }

        public TimeSpan Since { get; set; }

        public int Granted { get; set; }

        public long Number { get; set; }

        public bool IsPreempted { get; set; }

        public EntryState State { get; set; }
    }
}
