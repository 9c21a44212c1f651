using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models;

/// <summary>What all served models have in common.</summary>
/// <param name="options">The configuration.</param>
/// <param name="snapshots">What is on disk.</param>
/// <param name="fingerprints">The models that were recognised.</param>
/// <param name="metrics">The instruments.</param>
/// <param name="uptime">The clock of learned beliefs.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">Makes loggers.</param>
internal sealed class SharedState(
    ProxyOptions options,
    SnapshotStore snapshots,
    FingerprintProbe fingerprints,
    ProxyMetrics metrics,
    Uptime uptime,
    TimeProvider time,
    ILoggerFactory loggers)
{
    private readonly RatesByModel _rates = new(time);
    private readonly AnswerTimes _answers = new();

    /// <summary>What was measured of the models.</summary>
    public RatesByModel Rates => _rates;

    public ModelContext ContextOf(Backend backend) => new()
    {
        Options = options,
        Place = backend.Proxy is { } other ? $"proxy:{other}" : snapshots.Places.Of(backend.Options),
        Snapshots = snapshots,
        Fingerprints = fingerprints,
        Rates = new LearnedRates(_rates),
        Effectiveness = new RestoreEffectiveness(metrics, time, loggers.CreateLogger<RestoreEffectiveness>()),
        Metrics = metrics,
        Time = time,
        Loggers = loggers,
        Uptime = uptime,
    };

    /// <summary>The queue before a backend, whose capacity it learns later.</summary>
    public SlotQueue NewQueue(Backend backend) => new(
        time, backend.Options.Capacity ?? options.QueueCapacity, options.QueueMaxLength, options.QueueMaxWait, _answers);
}
