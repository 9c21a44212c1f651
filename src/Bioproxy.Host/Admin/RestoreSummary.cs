namespace Bioproxy.Host.Admin;

/// <summary>What a restore achieved.</summary>
/// <param name="At">When.</param>
/// <param name="Label">The snapshot's label.</param>
/// <param name="Promised">Tokens the snapshot holds.</param>
/// <param name="Reused">Tokens reused, as reported by the server; null when it did not report.</param>
/// <param name="Status">effective, partial, none, unknown or failed.</param>
internal sealed record RestoreSummary(DateTimeOffset At, string Label, int Promised, int? Reused, string Status);
