namespace Bioproxy.Host.Models;

/// <summary>The proxy's own clock, which no change of the system's time moves.</summary>
internal sealed class Uptime(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>When this process started, by the system's time.</summary>
    public DateTimeOffset Started { get; } = time.GetUtcNow();

    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Seconds since the start, as <see cref="Slots.SlotContent.UsedAt"/> counts them.</summary>
    public double Seconds => Elapsed.TotalSeconds;
}
