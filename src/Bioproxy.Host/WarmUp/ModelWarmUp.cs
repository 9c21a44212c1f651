using Bioproxy.Host.Models;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>The warm-ups of all templates on one served model.</summary>
internal sealed partial class ModelWarmUp(
    ServedModel model, StaticPrefixFinder finder, TemplateLibrary templates, WarmUpStatuses statuses, ProxyMetrics metrics)
{
    private readonly ILogger<ModelWarmUp> _logger = model.Context.Loggers.CreateLogger<ModelWarmUp>();

    /// <summary>Those of the current instance by trigger.</summary>
    private Dictionary<string, TemplateWarmUp> _warmUps = new(StringComparer.Ordinal);
    private ModelInstance? _instance;

    public ServedModel Model => model;

    public WarmUpStatuses Statuses => statuses;

    /// <summary>One round over the templates that are kept in this model's cache.</summary>
    /// <param name="wake">Set when another round makes sense: the instance was recognised, or another one took its place.</param>
    /// <param name="stopping">Stops it.</param>
    /// <returns>False when a warm-up gave way and wants its next turn soon.</returns>
    public async Task<bool> CheckAsync(WakeSignal wake, CancellationToken stopping)
    {
        if (model.IsServer)
            return true; // its models have warm-ups of their own
        UseCurrentInstance(wake);
        var isAllDone = true;
        foreach (var trigger in templates.Prefixes.Where(IsKept))
        {
            try
            {
                isAllDone &= await _warmUps[trigger].CheckAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                statuses.Fail(trigger, "internal", $"{e.GetType().Name}: {e.Message}");
                LogTemplateFailed(trigger, e);
            }
        }

        return isAllDone;
    }

    private bool IsKept(string trigger) =>
        !model.Context.Options.PrefixModels.TryGetValue(trigger, out var wanted)
            || wanted.Any(name => ServedNames.Of(model, model.Context.Options).Contains(name));

    private void UseCurrentInstance(WakeSignal wake)
    {
        var current = model.Current;
        if (ReferenceEquals(current, _instance))
            return;
        _instance = current;
        current.Retired.UnsafeRegister(static wake => ((WakeSignal)wake!).Set(), wake);
        _ = current.Recognition.Recognised.ContinueWith(
            static (_, wake) => ((WakeSignal)wake!).Set(),
            wake,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        _warmUps = templates.Prefixes.ToDictionary(
            t => t, t => new TemplateWarmUp(t, model, current, finder, statuses, metrics), StringComparer.Ordinal);
    }

    [LoggerMessage(LogLevel.Error, "Warming {Trigger} failed because of a bug in the proxy.")]
    private partial void LogTemplateFailed(string trigger, Exception exception);
}
