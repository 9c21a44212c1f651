namespace Bioproxy.Host.Backends;

/// <summary>The backend as last seen. Immutable, swapped whole.</summary>
/// <param name="Epoch">Counts up whenever the process behind the address may be another one: nothing known about slots before is valid after.</param>
/// <param name="Status">How it answers.</param>
/// <param name="Facts">What it told; null unless ready.</param>
/// <param name="Problem">Why it is not ready, for people.</param>
internal sealed record BackendState(int Epoch, BackendStatus Status, BackendFacts? Facts, string? Problem)
{
    public static BackendState Unknown { get; } = new(0, BackendStatus.Unknown, null, "not asked yet");
}
