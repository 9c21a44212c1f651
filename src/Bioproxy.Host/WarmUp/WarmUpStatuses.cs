using System.Collections.Concurrent;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>How far each warm-up is, by trigger or by a preamble's name, for people: status, log and metrics.</summary>
internal sealed partial class WarmUpStatuses
{
    private readonly ConcurrentDictionary<string, WarmUpStatus> _byTrigger = new(StringComparer.Ordinal);
    private readonly TemplateLibrary _templates;
    private readonly ProxyMetrics _metrics;
    private readonly ILogger<WarmUpStatuses> _logger;

    public WarmUpStatuses(TemplateLibrary templates, ProxyMetrics metrics, ILogger<WarmUpStatuses> logger)
    {
        _templates = templates;
        _metrics = metrics;
        _logger = logger;
    }

    /// <summary>In the configuration's order.</summary>
    public IReadOnlyList<WarmUpStatus> All => [.. _templates.Prefixes.Select(Of)];

    public WarmUpStatus Of(string name) => _byTrigger.TryGetValue(name, out var status) ? status : WarmUpStatus.Initial(name);

    public void Update(string name, Func<WarmUpStatus, WarmUpStatus> change) => _byTrigger[name] = change(Of(name));

    /// <summary>A preamble is no longer kept.</summary>
    public void Forget(string name) => _byTrigger.TryRemove(name, out _);

    /// <summary>It cannot go on now, through no fault of the template.</summary>
    public void Wait(string name, string reason) => Update(name, s => s with { State = WarmUpState.Waiting, Problem = reason });

    /// <summary>It failed, and is tried again at the next check.</summary>
    /// <param name="source">The prefix.</param>
    /// <param name="type">For metrics: a closed set.</param>
    /// <param name="problem">For people; the same problem is logged once.</param>
    public void Fail(IWarmUpSource source, string type, string problem)
    {
        _metrics.WarmUpFailed(source.Label, type);
        if (Of(source.Name).Problem != problem)
            LogFailed(source.Name, problem);
        Update(source.Name, s => s with { State = WarmUpState.Failed, Problem = problem });
    }

    [LoggerMessage(LogLevel.Warning, "Warming {Trigger} failed: {Problem}")]
    private partial void LogFailed(string trigger, string problem);
}
