namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// The figures that servers have measured, by the model's fingerprint. A server that has not measured one yet is assumed to be as fast as
/// the others with its model: next to a measured one the assumption for any machine would make it look several times slower or faster,
/// and all requests would go to one of them.
/// </summary>
/// <param name="time">Says when a model was measured last.</param>
internal sealed class RatesByModel(TimeProvider? time = null)
{
    /// <summary>Relative differences below this are not passed on: these figures are for lack of better ones.</summary>
    private const double Noticeable = 0.1;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Identity, RateFigure Figure), double> _figures = [];
    private readonly Dictionary<string, DateTimeOffset> _measured = new(StringComparer.Ordinal);
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
            _measured[identity] = (time ?? TimeProvider.System).GetUtcNow();
            _changes++;
        }
    }

    /// <summary>The models that were measured, and when their figures changed last.</summary>
    public IReadOnlyList<(string Identity, DateTimeOffset At)> Measured
    {
        get
        {
            lock (_lock)
                return [.. _measured.Select(one => (one.Key, one.Value))];
        }
    }

    /// <summary>Takes over what another proxy has measured, unless this one has measured the model later.</summary>
    /// <param name="identity">The model's fingerprint.</param>
    /// <param name="figures">The figures, by name; what is not known is left out.</param>
    /// <param name="at">When that was.</param>
    public void Merge(string identity, IReadOnlyDictionary<string, double> figures, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (_measured.TryGetValue(identity, out var known) && known >= at)
                return;
            _measured[identity] = at;
            foreach (var figure in RateFigure.All)
            {
                if (figures.TryGetValue(figure.Name, out var value) && double.IsFinite(value) && value >= 0)
                    _figures[(identity, figure)] = value;
            }

            _changes++;
        }
    }

    /// <summary>All that was measured of a model, by the figures' names.</summary>
    public Dictionary<string, double> Of(string identity)
    {
        lock (_lock)
        {
            return RateFigure.All.Where(figure => _figures.ContainsKey((identity, figure)))
                .ToDictionary(static figure => figure.Name, figure => _figures[(identity, figure)]);
        }
    }

    /// <summary>What some server has measured; null when none has.</summary>
    public double? Of(string identity, RateFigure figure)
    {
        lock (_lock)
            return _figures.TryGetValue((identity, figure), out var value) ? value : null;
    }
}
