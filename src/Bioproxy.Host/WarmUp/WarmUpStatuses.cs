using System.Collections.Concurrent;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>How far each template's warm-up is, for people: status, log and metrics.</summary>
internal sealed partial class WarmUpStatuses
{
    private readonly ConcurrentDictionary<string, WarmUpStatus> _byTrigger = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<string> _triggers;
    private readonly ProxyMetrics _metrics;
    private readonly ILogger<WarmUpStatuses> _logger;

    public WarmUpStatuses(TemplateLibrary templates, ProxyMetrics metrics, ILogger<WarmUpStatuses> logger)
    {
        _triggers = [.. templates.Prefixes];
        _metrics = metrics;
        _logger = logger;
        foreach (var trigger in _triggers)
            _byTrigger[trigger] = WarmUpStatus.Initial(trigger);
    }

    /// <summary>In the configuration's order.</summary>
    public IReadOnlyList<WarmUpStatus> All => [.. _triggers.Select(t => _byTrigger[t])];

    public WarmUpStatus Of(string trigger) => _byTrigger[trigger];

    public void Update(string trigger, Func<WarmUpStatus, WarmUpStatus> change) => _byTrigger[trigger] = change(_byTrigger[trigger]);

    /// <summary>It cannot go on now, through no fault of the template.</summary>
    public void Wait(string trigger, string reason) => Update(trigger, s => s with { State = WarmUpState.Waiting, Problem = reason });

    /// <summary>It failed, and is tried again at the next check.</summary>
    /// <param name="trigger">The template's trigger.</param>
    /// <param name="type">For metrics: a closed set.</param>
    /// <param name="problem">For people; the same problem is logged once.</param>
    public void Fail(string trigger, string type, string problem)
    {
        _metrics.WarmUpFailed(trigger, type);
        if (_byTrigger[trigger].Problem != problem)
            LogFailed(trigger, problem);
        Update(trigger, s => s with { State = WarmUpState.Failed, Problem = problem });
    }

    [LoggerMessage(LogLevel.Warning, "Warming {Trigger} failed: {Problem}")]
    private partial void LogFailed(string trigger, string problem);
}
