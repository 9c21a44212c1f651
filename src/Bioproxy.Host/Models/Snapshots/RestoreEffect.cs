namespace Bioproxy.Host.Models.Snapshots;

/// <summary>What a restore was worth, as the answer's own figures told.</summary>
/// <param name="At">When.</param>
/// <param name="Label">What it holds: the trigger of its template, or "conversation".</param>
/// <param name="Promised">Tokens the snapshot holds.</param>
/// <param name="Reused">Tokens the backend reused; null when the answer did not tell.</param>
/// <param name="Status">effective, partial, none, unknown or failed.</param>
internal sealed record RestoreEffect(DateTimeOffset At, string Label, int Promised, int? Reused, string Status);
