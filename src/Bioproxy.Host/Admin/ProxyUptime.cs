namespace Bioproxy.Host.Admin;

/// <summary>When this process started, and how long it has been running.</summary>
internal sealed class ProxyUptime(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    public DateTimeOffset Started { get; } = time.GetUtcNow();

    public TimeSpan Elapsed => time.GetElapsedTime(_began);
}
