namespace Bioproxy.Host.Backends;

/// <summary>How long a model takes to load: a moving average of its loads, in which the newest counts a quarter. Guarded by the lock of the
/// gate or pool that owns it.</summary>
internal sealed class LoadTime
{
    private const double NewestCounts = 0.25;

    /// <summary>Assumed of a model that was never loaded: ten seconds, or its size at the rate of an ordinary disk.</summary>
    private const double AssumedSeconds = 10;
    private const double AssumedBytesPerSecond = 1e9;

    private double? _measured;

    /// <param name="bytes">The model's size; null where it is not known.</param>
    public double Seconds(long? bytes = null) => _measured ?? (bytes / AssumedBytesPerSecond) ?? AssumedSeconds;

    public void Add(double seconds) => _measured = _measured is { } known ? known + ((seconds - known) * NewestCounts) : seconds;
}
