namespace Bioproxy.Host.Plugins;

/// <summary>
/// Finds plugin runs that have blocked their request's thread for too long, and has the request answered from another thread. One timer
/// serves all requests; it does not tick while no plugin runs.
/// </summary>
internal sealed class BlockedThreadWatch : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly TimeSpan _period;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly LinkedList<Call> _calls = new();
    private bool _isTicking;

    public BlockedThreadWatch(TimeSpan limit, TimeProvider time)
    {
        _limit = limit;
        _period = PeriodOf(limit);
        _time = time;
        _timer = time.CreateTimer(
            static watch => ((BlockedThreadWatch)watch!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How often to look for calls that exceed a limit.</summary>
    public static TimeSpan PeriodOf(TimeSpan limit) => TimeSpan.FromMilliseconds(Math.Clamp(limit.TotalMilliseconds / 4, 5, 250));

    /// <summary>A run begins on this thread.</summary>
    /// <param name="run">The run.</param>
    /// <param name="answer">Answers the request once the run has blocked its thread for too long and was abandoned.</param>
    public Call Enter(PluginRun run, Func<(PluginPart Part, long? Started), Task> answer)
    {
        var call = new Call(run, _time.GetTimestamp(), answer);
        lock (_lock)
        {
            _calls.AddLast(call.Node);
            if (!_isTicking)
                _isTicking = _timer.Change(_period, Timeout.InfiniteTimeSpan);
        }

        return call;
    }

    /// <summary>The run has returned to the caller's thread: it has ended, or it continues elsewhere and no longer blocks.</summary>
    /// <returns>The answer that is being given, or was, if the run took too long; otherwise null.</returns>
    public Task? Leave(Call call)
    {
        lock (_lock)
        {
            _calls.Remove(call.Node);
            return call.Answered;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        lock (_lock)
        {
            _isTicking = _calls.Count > 0 && _timer.Change(_period, Timeout.InfiniteTimeSpan);

            // Calls are in the order they began, so the first one that is not due ends the search.
            for (var node = _calls.First; node is not null && _time.GetElapsedTime(node.Value.Started) >= _limit; node = node.Next)
            {
                var call = node.Value;
                if (call.Answered is null && call.Run.TryAbandon(out var culprit))
                    call.Answered = Task.Run(() => call.Answer(culprit));
            }
        }
    }

    /// <summary>One run on one thread.</summary>
    internal sealed class Call
    {
        public Call(PluginRun run, long started, Func<(PluginPart Part, long? Started), Task> answer)
        {
            (Run, Started, Answer) = (run, started, answer);
            Node = new LinkedListNode<Call>(this);
        }

        public PluginRun Run { get; }

        public long Started { get; }

        public Func<(PluginPart Part, long? Started), Task> Answer { get; }

        public LinkedListNode<Call> Node { get; }

        /// <summary>Guarded by the watch's lock.</summary>
        public Task? Answered { get; set; }
    }
}
