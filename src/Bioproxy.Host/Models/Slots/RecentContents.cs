namespace Bioproxy.Host.Models.Slots;

/// <summary>The most recently added slot contents, up to a fixed number. Guarded by the lock of the table that owns it.</summary>
internal sealed class RecentContents
{
    /// <summary>llama-server's RAM cache holds more entries than this only when they are short.</summary>
    private const int Limit = 64;

    private readonly Queue<SlotContent> _contents = new();

    public void Add(SlotContent content)
    {
        _contents.Enqueue(content);
        if (_contents.Count > Limit)
            _contents.Dequeue();
    }

    public void Clear() => _contents.Clear();

    public Queue<SlotContent>.Enumerator GetEnumerator() => _contents.GetEnumerator();
}
