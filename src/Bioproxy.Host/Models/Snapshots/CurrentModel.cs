namespace Bioproxy.Host.Models.Snapshots;

/// <summary>The identity found for one epoch of the backend.</summary>
internal sealed record CurrentModel(int Epoch, string Identity, DateTimeOffset Since);
