namespace Bioproxy.Host.Threading;

/// <summary>A list that only grows, and tells of what is added. Reading takes no lock.</summary>
internal sealed class GrowingList<T>(IEnumerable<T> items)
{
    private readonly Lock _lock = new();
    private volatile T[] _items = [.. items]; // replaced, never changed
    private Action<T>? _added;

    public IReadOnlyList<T> Items => _items;

    /// <summary>Tells of every item that is added from now on. Called without a lock; must be quick and must not throw.</summary>
    /// <returns>Those that are there already.</returns>
    public IReadOnlyList<T> Subscribe(Action<T> added)
    {
        lock (_lock)
        {
            _added += added;
            return _items;
        }
    }

    public void Add(T item)
    {
        Action<T>? added;
        lock (_lock)
        {
            _items = [.. _items, item];
            added = _added;
        }

        added?.Invoke(item);
    }
}
