using System.Text.Json.Serialization;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>A fingerprint: what the backend reports about the model, and its answer to the logit probe. Member names in the file never
/// change.</summary>
internal sealed record FingerprintRecord
{
    public required string Id { get; init; }

    /// <summary>Model, build and adapters as the backend reports them.</summary>
    [JsonPropertyName("fingerprint")]
    public required string Facts { get; init; }

    public DateTimeOffset Created { get; init; }

    /// <summary>Token → log-probability of the first token after the probe's prompt.</summary>
    public required Dictionary<int, double> Probe { get; init; }
}
