using Bioproxy.Host.Models;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>The warm-ups of all templates and preambles on one served model.</summary>
internal sealed partial class ModelWarmUp(
    ServedModel model, StaticPrefixFinder finder, TemplateLibrary templates, WarmUpStatuses statuses, ProxyMetrics metrics)
{
    private readonly ILogger<ModelWarmUp> _logger = model.Context.Loggers.CreateLogger<ModelWarmUp>();

    /// <summary>Those of the current instance, the templates first.</summary>
    private List<(IWarmUpSource Source, PrefixWarmUp WarmUp)> _templates = [];
    private Dictionary<string, (IWarmUpSource Source, PrefixWarmUp WarmUp)> _preambles = new(StringComparer.Ordinal);
    private ModelInstance? _instance;
    private IReadOnlyList<string>? _triggers;

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
        if (!model.IsOwned)
            return true; // its owner keeps them
        UseCurrentTriggers();
        var isAllDone = true;
        foreach (var (source, warmUp) in _templates.Concat(Preambles()))
        {
            try
            {
                isAllDone &= await warmUp.CheckAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                statuses.Fail(source, "internal", $"{e.GetType().Name}: {e.Message}");
                LogBug(source.Name, e);
            }
        }

        return isAllDone;
    }

    private bool IsKept(string trigger) =>
        templates.ModelsOf(trigger) is not { } wanted
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
        _triggers = null;
        _preambles = new(StringComparer.Ordinal);
    }

    private void UseCurrentTriggers()
    {
        var triggers = templates.Prefixes;
        if (ReferenceEquals(triggers, _triggers))
            return;
        _triggers = triggers;
        _templates = [.. triggers.Where(IsKept).Select(trigger => WarmUpOf(new TriggerSource(trigger, finder)))];
    }

    /// <summary>Those of the preambles that are in use now; only a server that saves slots keeps them.</summary>
    private List<(IWarmUpSource Source, PrefixWarmUp WarmUp)> Preambles()
    {
        var kept = new Dictionary<string, (IWarmUpSource Source, PrefixWarmUp WarmUp)>(StringComparer.Ordinal);
        if (_instance is { State.Facts.CanSaveSlots: true })
        {
            foreach (var preamble in model.Context.Preambles.All)
                kept[preamble.Name] = _preambles.TryGetValue(preamble.Name, out var known) ? known : WarmUpOf(new PreambleSource(preamble));
        }

        foreach (var name in _preambles.Keys.Except(kept.Keys, StringComparer.Ordinal))
            statuses.Forget(name);
        _preambles = kept;
        return [.. kept.Values];
    }

    private (IWarmUpSource Source, PrefixWarmUp WarmUp) WarmUpOf(IWarmUpSource source) =>
        (source, new PrefixWarmUp(source, model, _instance!, statuses, metrics));

    [LoggerMessage(LogLevel.Error, "Warming {Trigger} failed because of a bug in the proxy.")]
    private partial void LogBug(string trigger, Exception exception);
}
