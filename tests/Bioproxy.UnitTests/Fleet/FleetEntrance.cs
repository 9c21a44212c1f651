namespace Bioproxy.UnitTests.Fleet;

/// <summary>One who wants to use a model of a server: it waits, is let through, and ends.</summary>
/// <param name="server">The server.</param>
/// <param name="model">The model.</param>
/// <param name="number">Counts up with every arrival.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetEntrance(string server, string model, long number, TimeProvider time) : IDisposable
{
    private readonly TimeProvider _time = time;

    public string Server => server;

    public string Model => model;

    public long Number => number;

    public long Since { get; } = time.GetTimestamp();

    /// <summary>When it was let through; null while it waits.</summary>
    public long? LetThrough { get; private set; }

    /// <summary>When it had used the model, or gave up.</summary>
    public long? Ended { get; private set; }

    /// <summary>Its model crashed, or did not start, while it waited: the pool starts it again after a pause, and loads others
    /// meanwhile.</summary>
    public bool HasPaused { get; set; }

    /// <summary>Its turn was looked at.</summary>
    public bool IsJudged { get; set; }

    public bool IsWaiting => LetThrough is null && Ended is null;

    public bool IsUsing => LetThrough is not null && Ended is null;

    public void Enter() => LetThrough = _time.GetTimestamp();

    public void Dispose() => Ended = _time.GetTimestamp();
}
