namespace Bioproxy.Host.Models;

/// <summary>The proxy's own clock, which no change of the system's time moves.</summary>
internal sealed class Uptime(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>Seconds since the start, as <see cref="Slots.SlotContent.UsedAt"/> counts them.</summary>
    public double Seconds => time.GetElapsedTime(_began).TotalSeconds;
}
