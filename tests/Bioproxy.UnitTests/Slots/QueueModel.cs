using Bioproxy.Host.Slots;

namespace Bioproxy.UnitTests.Slots;

/// <summary>The rules of the queue as plainly as they can be written, for comparison.</summary>
internal sealed class QueueModel(int capacity, int maxLength, TimeSpan maxWait)
{
    private readonly List<Entry> _waiting = [];
    private readonly List<Entry> _active = [];

    public int Capacity { get; private set; } = capacity;

    public TimeSpan Now { get; private set; }

    public IReadOnlyList<Entry> Active => _active;

    public IReadOnlyList<Entry> Waiting => _waiting;

    public QueueView View => new(
        Capacity,
        _active.Sum(e => e.Granted),
        _waiting.Count(e => e.Lane == Lane.Interactive),
        _waiting.Count(e => e.Lane == Lane.WarmUp),
        _active.Count(e => e.Lane == Lane.Interactive),
        _active.Count(e => e.Lane == Lane.WarmUp));

    public void Arrive(Entry entry)
    {
        entry.Since = Now;
        if (entry.Lane == Lane.Interactive)
        {
            foreach (var warmUp in _active.Where(e => e.Lane == Lane.WarmUp))
                warmUp.IsPreempted = true;
        }

        _waiting.Add(entry);
        Grant();
        if (entry.State == EntryState.Waiting && entry.Lane == Lane.Interactive && _waiting.Count(e => e.Lane == Lane.Interactive) > maxLength)
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
        while (_waiting.Where(e => e.Lane == Lane.Interactive && e.Since + maxWait <= end).OrderBy(e => e.Since).FirstOrDefault() is { } due)
        {
            Now = due.Since + maxWait;
            Leave(due, EntryState.TimedOut);
        }

        Now = end;
    }

    private void Leave(Entry entry, EntryState state)
    {
        _waiting.Remove(entry);
        entry.State = state;
        Grant();
    }

    private void Grant()
    {
        while ((_waiting.Find(e => e.Lane == Lane.Interactive) ?? _waiting.FirstOrDefault()) is { } next)
        {
            if (next.Lane == Lane.WarmUp && _active.Any(e => e.Lane == Lane.Interactive))
                return;
            if (_active.Sum(e => e.Granted) + Math.Min(next.Weight, Capacity) > Capacity)
                return;
            _waiting.Remove(next);
            next.Granted = Math.Min(next.Weight, Capacity);
            next.State = EntryState.Active;
            _active.Add(next);
        }
    }

    internal enum EntryState
    {
        Waiting,
        Active,
        Released,
        Cancelled,
        TimedOut,
        Full,
    }

    internal sealed class Entry(Lane lane, int weight)
    {
        public Lane Lane { get; } = lane;

        public int Weight { get; } = weight;

        public TimeSpan Since { get; set; }

        public int Granted { get; set; }

        public bool IsPreempted { get; set; }

        public EntryState State { get; set; }
    }
}
