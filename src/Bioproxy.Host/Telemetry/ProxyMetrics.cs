using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Bioproxy.Host.Telemetry;

/// <summary>Every instrument of the proxy. Labels come from closed sets: route names, configured prefixes, plugin names, lanes.</summary>
internal sealed class ProxyMetrics : IDisposable
{
    public const string MeterName = "bioproxy";

    private readonly Meter _meter = new(MeterName);
    private readonly long _started;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _cacheResults;
    private readonly Counter<long> _promptTokens;
    private readonly Counter<long> _misses;
    private readonly Counter<long> _lostTokens;
    private readonly Counter<double> _savedSeconds;
    private readonly Counter<long> _queueRejections;
    private readonly Counter<long> _modelLoads;
    private readonly Counter<long> _modelUnloads;
    private readonly Counter<long> _warmUpExecutions;
    private readonly Counter<long> _warmUpErrors;
    private readonly Counter<long> _warmUpCancellations;
    private readonly Histogram<double> _warmUpDuration;
    private readonly Counter<long> _saves;
    private readonly Counter<long> _restores;
    private readonly Counter<long> _templateErrors;
    private readonly Counter<long> _pluginCalls;
    private readonly Counter<long> _pluginErrors;
    private readonly Histogram<double> _pluginDuration;
    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _timeToFirstByte;
    private readonly Histogram<double> _queueWait;
    private readonly Histogram<double> _saveDuration;
    private readonly Histogram<double> _restoreDuration;
    private readonly ConcurrentDictionary<string, Instrument> _ofPlugins = new(StringComparer.Ordinal);
    private long _warmUpChecks;

    public ProxyMetrics(TimeProvider time)
    {
        _started = time.GetTimestamp();
        _meter.CreateObservableGauge(
            "bioproxy_uptime_seconds", () => time.GetElapsedTime(_started).TotalSeconds, description: "Seconds since the proxy started.");
        _requests = Counter("bioproxy_requests_total", "Requests answered, by route and status code.");
        _cacheResults = Counter(
            "bioproxy_cache_results_total",
            "Gated requests by where their prompt's beginning was found: hot, ram, restored, cold or ineffective.");
        _promptTokens = Counter(
            "bioproxy_prompt_tokens_total",
            "Prompt tokens by source (cached or computed, as the backend reported them) and by the result of the request they belong to.");
        _misses = Counter("bioproxy_misses_total", "Requests that computed a prefix again that had been computed before, by cause.");
        _lostTokens = Counter("bioproxy_lost_prompt_tokens_total", "Prompt tokens that they computed again, estimated, by cause.");
        _savedSeconds = _meter.CreateCounter<double>(
            "bioproxy_saved_prefill_seconds_total",
            description: "Seconds that computing the reused prompt tokens would have taken, less their restoring; by cache result.");
        _modelLoads = Counter("bioproxy_model_loads_total", "Models that were loaded or woke, where their server does not keep them.");
        _modelUnloads = Counter("bioproxy_model_unloads_total", "Models that went, fell asleep or ended, where their server loads them.");
        _queueRejections = Counter("bioproxy_queue_rejections_total", "Requests the slot queue turned away, by reason: full or timeout.");

        // Observable, because a counter is not exported before its first measurement, and this one must read 0 before the first round.
        _meter.CreateObservableCounter(
            "bioproxy_warmup_checks_total",
            () => Interlocked.Read(ref _warmUpChecks),
            description: "Rounds of looking for templates whose KV cache is missing or stale.");
        _warmUpExecutions = Counter("bioproxy_warmup_executions_total", "Warm-ups completed, by prefix.");
        _warmUpErrors = Counter("bioproxy_warmup_errors_total", "Warm-ups failed, by prefix and type.");
        _warmUpCancellations = Counter("bioproxy_warmup_cancellations_total", "Warm-ups that stepped aside for a user, by prefix.");
        _warmUpDuration = Seconds(
            "bioproxy_warmup_duration_seconds",
            "Duration of completed warm-ups, by prefix.",
            [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]);
        _saves = Counter("bioproxy_kv_cache_saves_total", "Snapshots saved, by prefix.");
        _restores = Counter(
            "bioproxy_kv_cache_restores_total",
            "Snapshots restored, by prefix and status: effective, partial, none, unknown or failed.");
        _templateErrors = Counter(
            "bioproxy_template_errors_total",
            "Templates that could not be read or parsed again, by prefix; the last good version stays in use.");
        _pluginCalls = Counter("bioproxy_plugin_calls_total", "Calls of plugins' transforms and handlers, by plugin.");
        _pluginErrors = Counter("bioproxy_plugin_errors_total", "Failed calls of plugins, by plugin and type: exception or timeout.");
        _pluginDuration = Seconds(
            "bioproxy_plugin_duration_seconds",
            "Duration of calls of plugins' transforms and handlers, by plugin.",
            [0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 5]);
        _requestDuration = Seconds(
            "bioproxy_request_duration_seconds",
            "From a request's arrival to the end of its response, by route.",
            [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]);
        _timeToFirstByte = Seconds(
            "bioproxy_time_to_first_byte_seconds",
            "From a request's arrival to the first byte of the backend's response body, by route.",
            [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]);
        _queueWait = Seconds(
            "bioproxy_queue_wait_seconds",
            "Time spent waiting for a slot, by lane.",
            [0.0001, 0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300]);
        _saveDuration = Seconds(
            "bioproxy_kv_cache_save_duration_seconds",
            "Time to save a snapshot.",
            [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
        _restoreDuration = Seconds(
            "bioproxy_kv_cache_restore_duration_seconds",
            "Time to restore a snapshot.",
            [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
    }

    /// <summary>Requests are also counted by <c>backend</c> and <c>model</c>: there are several.</summary>
    public bool HasPlaces { get; init; }

    /// <summary>This instance's own meter: an exporter made from it sees no other proxy in the process.</summary>
    public Meter Meter => _meter;

    public void Request(string endpoint, int status, TimeSpan duration, ServingPlace place = default)
    {
        Add(_requests, 1, place, new("endpoint", endpoint), new("status", StatusText(status)));
        Record(_requestDuration, duration, place, new("endpoint", endpoint));
    }

    public void FirstByte(string endpoint, TimeSpan elapsed, ServingPlace place = default) =>
        Record(_timeToFirstByte, elapsed, place, new("endpoint", endpoint));

    /// <summary>A request computed again what had been computed before.</summary>
    public void Missed(long tokens, string cause, ServingPlace place = default)
    {
        Add(_misses, 1, place, new("cause", cause));
        Add(_lostTokens, tokens, place, new("cause", cause));
    }

    public void CacheResult(string result, ServingPlace place = default) => Add(_cacheResults, 1, place, new("result", result));

    public void PromptTokens(int cached, int computed, string result, ServingPlace place = default)
    {
        Add(_promptTokens, cached, place, new("source", "cached"), new("result", result));
        Add(_promptTokens, computed, place, new("source", "computed"), new("result", result));
    }

    /// <summary>A request did not have to compute what it reused.</summary>
    public void SavedPrefill(double seconds, string result, ServingPlace place = default)
    {
        if (HasPlaces)
            _savedSeconds.Add(seconds, new("result", result), place.BackendTag, place.ModelTag);
        else
            _savedSeconds.Add(seconds, new Tag("result", result));
    }

    public void ModelLoaded(ServingPlace place) => _modelLoads.Add(1, place.BackendTag, place.ModelTag);

    public void ModelUnloaded(ServingPlace place) => _modelUnloads.Add(1, place.BackendTag, place.ModelTag);

    public void QueueRejected(string reason, ServingPlace place = default) => Add(_queueRejections, 1, place, new("reason", reason));

    public void QueueWaited(string lane, TimeSpan wait, ServingPlace place = default) => Record(_queueWait, wait, place, new("lane", lane));

    public void WarmUpChecked() => Interlocked.Increment(ref _warmUpChecks);

    public void WarmUpExecuted(string prefix, TimeSpan duration)
    {
        _warmUpExecutions.Add(1, Prefix(prefix));
        _warmUpDuration.Record(duration.TotalSeconds, Prefix(prefix));
    }

    public void WarmUpFailed(string prefix, string type) => _warmUpErrors.Add(1, Prefix(prefix), new("type", type));

    public void WarmUpCancelled(string prefix) => _warmUpCancellations.Add(1, Prefix(prefix));

    public void Saved(string prefix, TimeSpan duration)
    {
        _saves.Add(1, Prefix(prefix));
        _saveDuration.Record(duration.TotalSeconds);
    }

    public void RestoreDone(TimeSpan duration) => _restoreDuration.Record(duration.TotalSeconds);

    /// <param name="prefix">The prefix whose snapshot was restored.</param>
    /// <param name="status">effective, partial, none, unknown or failed.</param>
    public void RestoreJudged(string prefix, string status) => _restores.Add(1, Prefix(prefix), new("status", status));

    public void TemplateFailed(string prefix) => _templateErrors.Add(1, Prefix(prefix));

    public void PluginCalled(string plugin, TimeSpan duration)
    {
        _pluginCalls.Add(1, new KeyValuePair<string, object?>("plugin", plugin));
        _pluginDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("plugin", plugin));
    }

    public void PluginFailed(string plugin, string type) => _pluginErrors.Add(1, new("plugin", plugin), new("type", type));

    /// <summary>A plugin's own counter; plugins that use the same name share the instrument and differ in their label.</summary>
    public Counter<long> PluginCounter(string name, string description) =>
        (Counter<long>)_ofPlugins.GetOrAdd(name, _ => Counter(name, description));

    /// <summary>A plugin's own histogram.</summary>
    public Histogram<double> PluginHistogram(string name, string description) =>
        (Histogram<double>)_ofPlugins.GetOrAdd(name, _ => Histogram(name, null, description, [0.0001, 0.001, 0.01, 0.1, 1, 10, 100]));

    /// <summary>Publishes values owned by others; <paramref name="read"/> runs at each scrape and must only read.</summary>
    public void Observe(string name, string description, Func<IEnumerable<Measurement<long>>> read) =>
        _meter.CreateObservableGauge(name, read, description: description);

    /// <summary>The same for a total that only grows.</summary>
    public void ObserveTotal(string name, string description, Func<double> read) =>
        _meter.CreateObservableCounter(name, read, description: description);

    public void Dispose() => _meter.Dispose();

    private void Add(Counter<long> counter, long value, ServingPlace place, Tag one)
    {
        if (HasPlaces)
            counter.Add(value, one, place.BackendTag, place.ModelTag);
        else
            counter.Add(value, one);
    }

    private void Add(Counter<long> counter, long value, ServingPlace place, Tag one, Tag two)
    {
        if (HasPlaces)
            counter.Add(value, [one, two, place.BackendTag, place.ModelTag]);
        else
            counter.Add(value, one, two);
    }

    private void Record(Histogram<double> histogram, TimeSpan value, ServingPlace place, Tag one)
    {
        if (HasPlaces)
            histogram.Record(value.TotalSeconds, one, place.BackendTag, place.ModelTag);
        else
            histogram.Record(value.TotalSeconds, one);
    }

    private static KeyValuePair<string, object?> Prefix(string prefix) => new("prefix", prefix);

    private static string StatusText(int status) => status switch
    {
        200 => "200",
        400 => "400",
        404 => "404",
        499 => "499",
        500 => "500",
        502 => "502",
        503 => "503",
        _ => status.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private Counter<long> Counter(string name, string description) => _meter.CreateCounter<long>(name, description: description);

    private Histogram<double> Seconds(string name, string description, double[] buckets) => Histogram(name, "s", description, buckets);

    private Histogram<double> Histogram(string name, string? unit, string description, double[] buckets) =>
        _meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });
}
