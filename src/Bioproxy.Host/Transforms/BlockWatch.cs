namespace Bioproxy.Host.Transforms;

/// <summary>
/// Plugins run on the thread of their request. One timer for all of them finds those that have blocked it for too long, and
/// somebody else then answers in the thread's stead. The timer stands still while nothing runs.
/// </summary>
internal sealed class BlockWatch : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly TimeSpan _period;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly LinkedList<Call> _calls = new();
    private bool _isTicking;

    public BlockWatch(TimeSpan limit, TimeProvider time)
    {
        _limit = limit;
        _period = TimeSpan.FromMilliseconds(Math.Clamp(limit.TotalMilliseconds / 4, 5, 250));
        _time = time;
        _timer = time.CreateTimer(static watch => ((BlockWatch)watch!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A chain begins on this thread.</summary>
    /// <param name="run">The chain.</param>
    /// <param name="answer">What is done when it blocks its thread for too long; it has been abandoned by then.</param>
    public Call Enter(TransformRun run, Func<(Plugins.PluginPart Part, long? Started), Task> answer)
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

    /// <summary>The thread is the caller's again.</summary>
    /// <returns>The answering under way or done, when it took too long; otherwise null.</returns>
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

            // In the order of their beginnings: behind one that is not due nobody is.
            for (var node = _calls.First; node is not null && _time.GetElapsedTime(node.Value.Started) >= _limit; node = node.Next)
            {
                var call = node.Value;
                if (call.Answered is null && call.Run.TryAbandon(out var culprit))
                    call.Answered = Task.Run(() => call.Answer(culprit));
            }
        }
    }

    /// <summary>One chain on one thread.</summary>
    internal sealed class Call
    {
        public Call(TransformRun run, long started, Func<(Plugins.PluginPart Part, long? Started), Task> answer)
        {
            (Run, Started, Answer) = (run, started, answer);
            Node = new LinkedListNode<Call>(this);
        }

        public TransformRun Run { get; }

        public long Started { get; }

        public Func<(Plugins.PluginPart Part, long? Started), Task> Answer { get; }

        public LinkedListNode<Call> Node { get; }

        /// <summary>Guarded by the watch's lock.</summary>
        public Task? Answered { get; set; }
    }
}
