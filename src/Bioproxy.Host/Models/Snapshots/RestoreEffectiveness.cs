using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Proof of effect: compares what restores promised with what the backend reused, and stops restoring for a model on which
/// it does nothing (some builds answer success and reuse nothing).</summary>
internal sealed partial class RestoreEffectiveness(ProxyMetrics metrics, TimeProvider time, ILogger<RestoreEffectiveness> logger)
{
    /// <summary>One restore without effect may be a prompt that only looked alike; two in a row with none effective before are the
    /// model.</summary>
    private const int Patience = 2;
    private const int Kept = 20;

    private readonly Lock _lock = new();
    private readonly Queue<RestoreEffect> _last = new();
    private readonly ILogger<RestoreEffectiveness> _logger = logger;
    private string? _identity;
    private int _withoutEffect;
    private bool _everEffective;

    public IReadOnlyList<RestoreEffect> Last
    {
        get
        {
            lock (_lock)
                return [.. _last];
        }
    }

    /// <summary>Why restores are switched off, or null while they are on.</summary>
    public string? Disabled { get; private set; }

    /// <summary>A model was identified; a verdict over another one is forgotten.</summary>
    public void Begin(string identity)
    {
        lock (_lock)
        {
            if (_identity == identity)
                return;
            _identity = identity;
            _withoutEffect = 0;
            _everEffective = false;
            Disabled = null;
        }
    }

    /// <returns>The verdict: effective, partial, none or unknown.</returns>
    public string Judge(Snapshot snapshot, int? reused)
    {
        var status = reused switch
        {
            null => "unknown",
            { } n when n * 10 >= snapshot.PromptTokens * 9 => "effective",
            { } n when n * 10 >= snapshot.PromptTokens => "partial",
            _ => "none",
        };
        Record(snapshot, reused, status);
        string? disabled = null;
        lock (_lock)
        {
            if (snapshot.Fingerprint != _identity)
                return status;
            if (status is "effective" or "partial")
            {
                _everEffective = true;
                _withoutEffect = 0;
            }
            else if (status == "none" && ++_withoutEffect >= Patience && !_everEffective && Disabled is null)
            {
                Disabled = disabled =
                    $"{_withoutEffect} restores of up to {snapshot.PromptTokens} tokens reported success "
                    + "and the backend reused none of them: this model or build cannot continue restored states";
            }
        }

        if (disabled is not null)
            LogDisabled(disabled);
        else if (status is "partial" or "none")
            LogWeak(snapshot.Label, reused ?? 0, snapshot.PromptTokens);
        return status;
    }

    public void Failed(Snapshot snapshot) => Record(snapshot, null, "failed");

    private void Record(Snapshot snapshot, int? reused, string status)
    {
        metrics.RestoreJudged(snapshot.Label, status);
        lock (_lock)
        {
            _last.Enqueue(new RestoreEffect(time.GetUtcNow(), snapshot.Label, snapshot.PromptTokens, reused, status));
            if (_last.Count > Kept)
                _last.Dequeue();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Snapshot restore is disabled until the model changes; templates are only kept warm: {Reason}.")]
    private partial void LogDisabled(string reason);

    [LoggerMessage(LogLevel.Warning, "Restoring {Prefix} had little effect: {Reused} of {Promised} tokens were reused.")]
    private partial void LogWeak(string prefix, int reused, int promised);
}
