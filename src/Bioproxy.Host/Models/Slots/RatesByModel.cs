namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// The figures that servers have measured, by the model's fingerprint. A server that has not measured one yet is assumed to be as fast as
/// the others with its model: next to a measured one the assumption for any machine would make it look several times slower or faster,
/// and all requests would go to one of them.
/// </summary>
internal sealed class RatesByModel
{
    /// <summary>Relative differences below this are not passed on: these figures are for lack of better ones.</summary>
    private const double Noticeable = 0.1;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Identity, RateFigure Figure), double> _figures = [];
    private volatile int _changes;

    /// <summary>Counts up with every change.</summary>
    public int Changes => _changes;

    public void Tell(string identity, RateFigure figure, double value)
    {
        lock (_lock)
        {
            if (_figures.TryGetValue((identity, figure), out var known) && Math.Abs(value - known) <= known * Noticeable)
                return;
            _figures[(identity, figure)] = value;
            _changes++;
        }
    }

    /// <summary>What some server has measured; null when none has.</summary>
    public double? Of(string identity, RateFigure figure)
    {
        lock (_lock)
            return _figures.TryGetValue((identity, figure), out var value) ? value : null;
    }
}
