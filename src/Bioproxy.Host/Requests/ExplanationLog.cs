namespace Bioproxy.Host.Requests;

/// <summary>The explanations of the last requests, and the misses among them.</summary>
internal sealed class ExplanationLog
{
    private const int Kept = 1000;
    private readonly Lock _lock = new();
    private readonly Queue<string> _order = new();
    private readonly Dictionary<string, Explanation> _byId = new(StringComparer.Ordinal);

    public MissLog Misses { get; } = new();

    public void Add(Explanation explanation)
    {
        lock (_lock)
        {
            _order.Enqueue(explanation.Id);
            _byId[explanation.Id] = explanation;
            if (_order.Count > Kept)
                _byId.Remove(_order.Dequeue());
        }
    }

    public Explanation? Find(string id)
    {
        lock (_lock)
            return _byId.GetValueOrDefault(id);
    }
}
