namespace Bioproxy.Host.Models.Slots;

/// <summary>How long the work on a queue's slots is expected to take, and how busy they were. Guarded by the queue's lock.</summary>
internal sealed class QueueLoad(TimeProvider time)
{
    /// <summary>How much the newest request says about how long an answer takes, once there were several.</summary>
    private const double NewestCounts = 0.1;

    /// <summary>Assumed before the first request has ended.</summary>
    private const double AssumedAnswer = 5;

    /// <summary>How long past work counts: after this time a third of it does.</summary>
    private const double Memory = 600;

    private readonly List<Lease> _active = [];
    private long _at = time.GetTimestamp();
    private double _busy; // slot seconds until then, decayed
    private int _used;
    private int _ended;
    private double _answer = AssumedAnswer;

    public void Begin(Lease lease)
    {
        Advance(lease.Granted);
        _used += lease.Weight;
        _active.Add(lease);
    }

    public void End(Lease lease)
    {
        var now = time.GetTimestamp();
        Advance(now);
        _used -= lease.Weight;
        _active.Remove(lease);
        if (lease.Lane == Lane.WarmUp)
            return;
        var answer = time.GetElapsedTime(lease.Granted, now).TotalSeconds - lease.PromptSeconds;
        _answer += (answer - _answer) * Math.Max(NewestCounts, 1.0 / ++_ended);
    }

    /// <summary>Slot seconds that those who wait will take.</summary>
    public double WorkOf(ClientRing waiting) => waiting.PromptSeconds + (waiting.Weight * Answer);

    /// <summary>Seconds until the work under way has left room for this weight.</summary>
    public double SecondsUntilRoom(int weight, long now)
    {
        var leaving = 0.0; // weight that becomes free in a second
        foreach (var lease in _active)
            leaving += lease.Weight / Remaining(lease, now);
        return leaving > 0 ? weight / leaving : 0;
    }

    /// <summary>Seconds until the longest of the work under way has ended.</summary>
    public double SecondsUntilIdle(long now)
    {
        var longest = 0.0;
        foreach (var lease in _active)
            longest = Math.Max(longest, Remaining(lease, now));
        return longest;
    }

    /// <summary>Slot seconds of the last minutes, and those that the work under way will take.</summary>
    public double Busy(long now)
    {
        Advance(now);
        var busy = _busy;
        foreach (var lease in _active)
            busy += lease.Weight * Remaining(lease, now);
        return busy;
    }

    private double Answer => Math.Max(0.01, _answer);

    /// <summary>What remains of its prompt, and an average answer: lengths of answers vary so much that it says little how long one has
    /// run.</summary>
    private double Remaining(Lease lease, long now) =>
        Math.Max(0, lease.PromptSeconds - time.GetElapsedTime(lease.Granted, now).TotalSeconds) + Answer;

    private void Advance(long now)
    {
        var kept = Math.Exp(-time.GetElapsedTime(_at, now).TotalSeconds / Memory);
        _busy = (_busy * kept) + (_used * Memory * (1 - kept));
        _at = now;
    }
}
