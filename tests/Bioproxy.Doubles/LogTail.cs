namespace Bioproxy.Doubles;

/// <summary>The last lines of a process's output. Both of its streams write here, possibly at the same time.</summary>
internal sealed class LogTail(int capacity = 400)
{
    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _waiters = [];

    /// <summary>Where every line is written too; null for nowhere.</summary>
    public TextWriter? Echo { get; init; }

    public void Add(string line)
    {
        Echo?.WriteLine(line);
        lock (_lock)
        {
            if (_lines.Count == capacity)
                _lines.Dequeue();
            _lines.Enqueue(line);
            foreach (var (_, seen) in _waiters.Where(waiter => line.Contains(waiter.Text, StringComparison.Ordinal)))
                seen.TrySetResult();
            _waiters.RemoveAll(waiter => waiter.Seen.Task.IsCompleted);
        }
    }

    /// <summary>Completes when a line with this text has been written.</summary>
    public Task WhenWrittenAsync(string text)
    {
        lock (_lock)
        {
            if (_lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
                return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((text, seen));
            return seen.Task;
        }
    }

    public override string ToString()
    {
        lock (_lock)
            return string.Join('\n', _lines);
    }
}
