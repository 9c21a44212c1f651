namespace Bioproxy.Doubles;

/// <summary>The last lines a process wrote; both of its outputs write here at the same time.</summary>
internal sealed class LogTail(int capacity = 400)
{
    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new();

    public void Add(string line)
    {
        lock (_lock)
        {
            if (_lines.Count == capacity)
                _lines.Dequeue();
            _lines.Enqueue(line);
        }
    }

    public override string ToString()
    {
        lock (_lock)
            return string.Join('\n', _lines);
    }
}
