using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Preambles;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models;

/// <summary>What all instances of one served model share: the settings, the snapshots, and what was learned of the model rather than of a
/// process.</summary>
internal sealed class ModelContext
{
    private PreambleFinder? _preambles;

    public required ProxyOptions Options { get; init; }

    public required SnapshotStore Snapshots { get; init; }

    /// <summary>Where the backend keeps its files; see <see cref="SlotPlaces"/>.</summary>
    public string Place { get; init; } = "";

    /// <summary>Recognises a model by its first-token log-probabilities.</summary>
    public required FingerprintProbe Fingerprints { get; init; }

    /// <summary>How fast the model computes, saves and restores.</summary>
    public required LearnedRates Rates { get; init; }

    /// <summary>Whether restores have an effect on this model.</summary>
    public required RestoreEffectiveness Effectiveness { get; init; }

    /// <summary>Whose prompts the model has computed.</summary>
    public DomainsSeen Domains { get; } = new();

    /// <summary>What conversations with the model begin with.</summary>
    public PreambleFinder Preambles => LazyInitializer.EnsureInitialized(ref _preambles, () => new(Options, Rates));

    public required ProxyMetrics Metrics { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    public required Uptime Uptime { get; init; }
}
