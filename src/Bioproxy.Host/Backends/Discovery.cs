namespace Bioproxy.Host.Backends;

/// <summary>What asking a backend found.</summary>
/// <param name="Kind">What kind of finding it is.</param>
/// <param name="Status">How the backend answers; meaningful with <see cref="DiscoveryKind.Found"/> only.</param>
/// <param name="Facts">What it told; null unless it is ready.</param>
/// <param name="Problem">Why it is not ready, or what is missing, for people.</param>
internal readonly record struct Discovery(DiscoveryKind Kind, BackendStatus Status, BackendFacts? Facts, string? Problem)
{
    /// <summary>No answer in time: all the server's threads may be busy with streams.</summary>
    public static Discovery Silence { get; } = new(DiscoveryKind.Silence, BackendStatus.Unknown, null, null);

    /// <summary>The server failed on the question (a 5xx): once is an accident, again and again is a state.</summary>
    public static Discovery Failed(string problem) => new(DiscoveryKind.Failed, BackendStatus.Unreachable, null, problem);

    /// <summary>The server answered and is not of this driver's kind.</summary>
    public static Discovery OtherKind { get; } = new(DiscoveryKind.OtherKind, BackendStatus.Ready, null, null);

    public static Discovery Found(BackendStatus status, BackendFacts? facts, string? problem) =>
        new(DiscoveryKind.Found, status, facts, problem);
}
