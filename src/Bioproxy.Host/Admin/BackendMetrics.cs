using System.Collections.Concurrent;
using System.Text;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Admin;

/// <summary>
/// The metrics of the llama-servers behind the proxy, collected now and then, and published on the proxy's own page with the labels
/// <c>backend</c> and <c>model</c>. Names stay as llama-server gives them, with their colon, because dashboards for llama-server use
/// them. A model that is not loaded is not asked. Where any call keeps a model loaded (llama-swap), it is asked only while it works for a
/// request. A sleeping server is not asked either, though build 11669 answers without waking, and being asked does not keep it awake.
/// </summary>
/// <param name="models">The served models.</param>
/// <param name="interval">How often they are asked at most; zero or less for never.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is logged that a server has no metrics.</param>
internal sealed partial class BackendMetrics(ModelDirectory models, TimeSpan interval, TimeProvider time, ILogger<BackendMetrics> logger)
{
    private readonly ConcurrentDictionary<ServedModel, (BackendState State, MetricsText? Page)> _collected = new();
    private readonly ILogger<BackendMetrics> _logger = logger;

    /// <summary>Collects until it is stopped. Never fails.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (interval > TimeSpan.Zero && !stopping.IsCancellationRequested)
        {
            await Task.Delay(interval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await CollectAsync(stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e); // the fence of a background loop
            }
        }
    }

    /// <summary>Asks every model that may be asked, all at once: one that is slow does not hold up the others.</summary>
    public Task CollectAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(models.All.Where(MayBeAsked).Select(model => CollectAsync(model, cancellationToken)));

    /// <summary>The samples of the models that are loaded now, as a part of a page.</summary>
    public ReadOnlyMemory<byte> Page()
    {
        var samples = models.All
            .Select(model => (Model: model, Found: Of(model)))
            .Where(static one => one.Found is not null)
            .SelectMany(static one => one.Found!.Samples.Select(sample => (one.Model, one.Found, Sample: sample)))
            .GroupBy(static one => one.Sample.Name, StringComparer.Ordinal);
        var page = new StringBuilder();
        foreach (var family in samples)
        {
            var (_, first, _) = family.First();
            page.Append("# HELP ").Append(family.Key).Append(' ').Append(first.HelpOf(family.Key)).Append('\n');
            page.Append("# TYPE ").Append(family.Key).Append(' ').Append(first.TypeOf(family.Key)).Append('\n');
            foreach (var (model, _, sample) in family)
            {
                page.Append(sample.Name)
                    .Append("{backend=\"").Append(Escape(model.Backend.Name))
                    .Append("\",model=\"").Append(Escape(model.Name)).Append('"')
                    .Append(sample.Labels.Length > 0 ? "," : "").Append(sample.Labels)
                    .Append("} ").Append(sample.Value).Append('\n');
            }
        }

        return Encoding.UTF8.GetBytes(page.ToString());
    }

    /// <summary>What was found of the process that runs now; null for nothing.</summary>
    private MetricsText? Of(ServedModel model) =>
        _collected.TryGetValue(model, out var found) && ReferenceEquals(found.State, model.Current.State) ? found.Page : null;

    private bool MayBeAsked(ServedModel model)
    {
        var state = model.Current.State;
        var hasNone = _collected.TryGetValue(model, out var found) && ReferenceEquals(found.State, state) && found.Page is null;
        return !model.IsServer && model.IsOwned && !hasNone
            && state is { Status: BackendStatus.Ready, Facts: { IsLlamaServer: true, IsRouter: false } }
            && (model.Backend.Host is not { Server.LoadsOnAnyCall: true } || model.IsBusy);
    }

    private async Task CollectAsync(ServedModel model, CancellationToken cancellationToken)
    {
        var state = model.Current.State;
        var answer = await model.Backend.Driver.ReadMetricsAsync(cancellationToken).ConfigureAwait(false);
        if (answer.Value is { } page)
        {
            _collected[model] = (state, MetricsText.Read(page));
        }
        else if (answer.Status is 404 or 405 or 501)
        {
            _collected[model] = (state, null);
            LogNone(model.Backend.Name, model.Name, answer.Problem ?? "");
        }
    }

    private static string Escape(string value) => value
        .Replace("\\", @"\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", @"\n", StringComparison.Ordinal);

    [LoggerMessage(LogLevel.Debug, "Model {Model} of backend {Backend} has no metrics (llama-server shows them with --metrics): {Problem}")]
    private partial void LogNone(string backend, string model, string problem);

    [LoggerMessage(LogLevel.Error, "Collecting the metrics of backends failed; the next time follows.")]
    private partial void LogFailed(Exception exception);
}
