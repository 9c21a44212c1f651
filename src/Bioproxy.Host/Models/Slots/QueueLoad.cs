namespace Bioproxy.Host.Models.Slots;

/// <summary>How long the work on a queue's slots is expected to take, and how busy they were. Guarded by the queue's lock.</summary>
/// <param name="time">The clock.</param>
/// <param name="answers">How long answers take on all servers: a few of this one's say little.</param>
internal sealed class QueueLoad(TimeProvider time, AnswerTimes answers)
{
    /// <summary>How long past work counts: after this time a third of it does.</summary>
    private const double Memory = 600;

    private readonly List<Lease> _active = [];
    private long _at = time.GetTimestamp();
    private double _busy; // slot seconds until then, decayed
    private int _used;
    private int _ended;
    private double _answer; // seconds of the answers here on average

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
        _answer = AnswerTimes.Next(_answer, answer, ++_ended);
        answers.Add(answer);
    }

    /// <summary>Slot seconds that those who wait will take.</summary>
    public double WorkOf(ClientRing waiting) => waiting.PromptSeconds + (waiting.Weight * Answer);

    /// <summary>Slot seconds that those who are on their way here will take; how long their prompts are is not known here.</summary>
    public double WorkOf(int coming) => coming * Answer;

    /// <summary>Seconds until the work under way has left room for this weight: the mean of the first end, where an answer ends at any time
    /// but none before its prompt is computed.</summary>
    public double SecondsUntilRoom(int weight, long now)
    {
        if (_active.Count == 0)
            return 0;
        Span<double> prompts = _active.Count <= 64 ? stackalloc double[_active.Count] : new double[_active.Count];
        for (var i = 0; i < prompts.Length; i++)
            prompts[i] = PromptLeft(_active[i], now);
        prompts.Sort();
        var (seconds, goesOn) = (prompts[0], 1.0); // the probability that none has ended by then
        for (var answering = 1; answering <= prompts.Length; answering++)
        {
            var stays = answering < prompts.Length ? Math.Exp(answering * (prompts[answering - 1] - prompts[answering]) / Answer) : 0;
            seconds += goesOn * (1 - stays) * Answer / answering;
            goesOn *= stays;
        }

        return seconds + ((weight - 1) * Answer / prompts.Length);
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

    /// <summary>As on all servers at first, and as here once there were many.</summary>
    private double Answer
    {
        get
        {
            var own = Math.Min(1, _ended / (double)AnswerTimes.Many);
            return Math.Max(0.01, (own * _answer) + ((1 - own) * answers.Mean));
        }
    }

    /// <summary>What remains of its prompt, and an average answer: lengths of answers vary so much that it says little how long one has
    /// run.</summary>
    private double Remaining(Lease lease, long now) => PromptLeft(lease, now) + Answer;

    private double PromptLeft(Lease lease, long now) =>
        Math.Max(0, lease.PromptSeconds - time.GetElapsedTime(lease.Granted, now).TotalSeconds);

    private void Advance(long now)
    {
        var kept = Math.Exp(-time.GetElapsedTime(_at, now).TotalSeconds / Memory);
        _busy = (_busy * kept) + (_used * Memory * (1 - kept));
        _at = now;
    }
}
