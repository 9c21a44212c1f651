namespace Bioproxy.Host.Models.Snapshots;

/// <summary>A model as it was met: what the backend told of it, and its answer to the logit probe.</summary>
internal sealed record IdentityRecord
{
    public required string Id { get; init; }
    public required string Fingerprint { get; init; }
    public DateTimeOffset Created { get; init; }

    /// <summary>Token → log-probability of the first token after the probe's prompt.</summary>
    public required Dictionary<int, double> Probe { get; init; }
}
