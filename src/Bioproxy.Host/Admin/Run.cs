namespace Bioproxy.Host.Admin;

/// <summary>This run of the proxy.</summary>
internal sealed class Run(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    public DateTimeOffset Started { get; } = time.GetUtcNow();

    public TimeSpan Uptime => time.GetElapsedTime(_began);
}
