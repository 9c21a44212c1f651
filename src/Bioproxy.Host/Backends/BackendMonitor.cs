using System.Text.Json;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Json;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Backends;

/// <summary>
/// Watches the backend and publishes what it is. The epoch moves whenever the process may have been replaced: it went away, its
/// facts changed, or somebody saw an answer that contradicts what was known (<see cref="Suspect"/>).
/// </summary>
internal sealed partial class BackendMonitor : IDisposable
{
    /// <summary>--sleep-idle-seconds counts whole seconds.</summary>
    private static readonly TimeSpan ShortestIdle = TimeSpan.FromMilliseconds(900);

    private readonly LlamaClient _client;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly Uri _url;
    private readonly ILogger<BackendMonitor> _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SemaphoreSlim _checking = new(1, 1);
    private volatile BackendState _state = BackendState.Unknown;
    private long _lastTouch;

    public BackendMonitor(LlamaClient client, ProxyOptions options, TimeProvider time, ILogger<BackendMonitor> logger)
    {
        _client = client;
        _time = time;
        _interval = options.HealthCheckInterval;
        _url = options.BackendUrl;
        _logger = logger;
    }

    /// <summary>Runs after every change of status, facts or epoch, one at a time, on the checking task. It must not throw.</summary>
    public Func<BackendState, CancellationToken, Task>? Changed { get; set; }

    public BackendState State => _state;

    /// <summary>The backend's address.</summary>
    public Uri Url => _url;

    /// <summary>Something contradicts what is known: forget it now and look again.</summary>
    /// <param name="epoch">The epoch the observation was made in; a newer one has already forgotten.</param>
    /// <param name="reason">For the log.</param>
    public void Suspect(int epoch, string reason)
    {
        lock (_lock)
        {
            if (_state.Epoch != epoch)
                return;
            _state = new BackendState(epoch + 1, BackendStatus.Unknown, null, reason);
        }

        LogSuspect(reason);
        Wake();
    }

    /// <summary>The backend did something just now: it cannot have been asleep since.</summary>
    public void Touch() => Interlocked.Exchange(ref _lastTouch, _time.GetTimestamp());

    /// <summary>
    /// Before a request that would wake a sleeping server: after a second without any, it may have slept since (its shortest
    /// idle time), and what wakes has empty slots, and the weights that lie on disk by then. Nothing would tell afterwards.
    /// </summary>
    public async ValueTask NoticeSleepAsync(CancellationToken cancellationToken)
    {
        var state = _state;
        if (state.Status != BackendStatus.Ready || state.Facts is not { IsLlamaServer: true } || _time.GetElapsedTime(Interlocked.Read(ref _lastTouch)) < ShortestIdle)
            return;
        using var props = (await _client.GetAsync("props", cancellationToken).ConfigureAwait(false)).Value;
        if (props is { RootElement.ValueKind: JsonValueKind.Object } && IsAsleep(props.RootElement))
            Suspect(state.Epoch, "it slept");
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await CheckAsync(cancellationToken).ConfigureAwait(false);
                using var due = _time.CreateTimer(static state => ((BackendMonitor)state!).Wake(), this, _interval, Timeout.InfiniteTimeSpan);
                await _wake.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLoopFailed(e);
                await Task.Delay(_interval, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Looks once and publishes what changed.</summary>
    public async Task<BackendState> CheckAsync(CancellationToken cancellationToken)
    {
        await _checking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var before = _state;
            var (status, facts, problem) = await LookAsync(before, cancellationToken).ConfigureAwait(false);
            if (status == BackendStatus.Unknown)
                return before; // no answer in time says nothing: all its threads may be busy with streams
            BackendState after;
            lock (_lock)
            {
                if (_state.Epoch != before.Epoch)
                {
                    Wake(); // suspected while we looked: what we saw may be of either process
                    return _state;
                }

                if (status == before.Status && facts == before.Facts && problem == before.Problem)
                    return before;
                var lost = before.Status == BackendStatus.Ready && (status != BackendStatus.Ready || facts != before.Facts);
                _state = after = new BackendState(before.Epoch + (lost ? 1 : 0), status, facts, problem);
            }

            Log(before, after);
            if (Changed is { } changed)
                await changed(after, cancellationToken).ConfigureAwait(false);
            return after;
        }
        finally
        {
            _checking.Release();
        }
    }

    /// <summary>Whether the process behind the address is still the one of <paramref name="state"/>, as far as the server's random
    /// marker tells, and its adapters are as they were; null where it has no marker.</summary>
    public async Task<bool?> IsSameProcessAsync(BackendState state, CancellationToken cancellationToken)
    {
        if (state.Facts?.Adapters is { } adapters && adapters != "[]")
        {
            using var now = (await _client.GetAsync("lora-adapters", cancellationToken).ConfigureAwait(false)).Value;
            if (now?.RootElement.GetRawText() != adapters)
                return false;
        }

        if (state.Facts?.ProcessMarker is not { } marker)
            return null;
        var props = await _client.GetAsync("props", cancellationToken).ConfigureAwait(false);
        using var document = props.Value;
        return document is { RootElement.ValueKind: JsonValueKind.Object } && Text(document.RootElement, "media_marker") == marker && !IsAsleep(document.RootElement);
    }

    public void Dispose()
    {
        _wake.Dispose();
        _checking.Dispose();
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // a look is due already
        }
        catch (ObjectDisposedException)
        {
            // stopping
        }
    }

    private async Task<(BackendStatus Status, BackendFacts? Facts, string? Problem)> LookAsync(BackendState before, CancellationToken cancellationToken)
    {
        var props = await _client.GetAsync("props", cancellationToken).ConfigureAwait(false);
        using var document = props.Value;
        if (props.IsUnreachable)
            return (BackendStatus.Unreachable, null, props.Problem);
        if (props.IsSilent)
            return (BackendStatus.Unknown, null, null);
        if (props.Status == 503)
            return (BackendStatus.Loading, null, props.Problem);
        if (props.Status is 401 or 403)
            return (BackendStatus.Ready, new BackendFacts { IsLlamaServer = false }, "the backend refused /props: set backend_api_key (or BIOPROXY_BACKEND_API_KEY) to its key");
        if (document is null || document.RootElement.ValueKind != JsonValueKind.Object)
            return (BackendStatus.Ready, new BackendFacts(), null);
        var root = document.RootElement;
        if (IsAsleep(root))
            return (BackendStatus.Sleeping, null, "it sleeps until a request comes");
        var facts = Basic(root);
        if (before.Status == BackendStatus.Ready && before.Facts is { } known && facts == known with { ModelMeta = null, Adapters = null, CanReadSlots = false, CanSaveSlots = false })
            return (BackendStatus.Ready, known, before.Problem);
        return facts is { IsLlamaServer: true, IsRouter: false } ? (BackendStatus.Ready, await CompleteAsync(facts, cancellationToken).ConfigureAwait(false), null) : (BackendStatus.Ready, facts, null);
    }

    /// <summary>The facts of <c>/props</c>, which is answered without touching the model.</summary>
    private static BackendFacts Basic(JsonElement props) => new()
    {
        IsLlamaServer = props.TryGetProperty("total_slots", out _) || props.TryGetProperty("build_info", out _),
        IsRouter = Text(props, "role") == "router",
        ModelPath = Text(props, "model_path"),
        ModelAlias = Text(props, "model_alias"),
        ModelType = Text(props, "model_ftype"),
        Build = Text(props, "build_info"),
        ProcessMarker = Text(props, "media_marker"),
        ChatTemplateHash = Text(props, "chat_template") is { } template ? LlamaClient.Hash(template) : null,
        TotalSlots = props.Number("total_slots") is { } count and > 0 ? count : null,
        ContextPerSlot = props.TryGetProperty("default_generation_settings", out var settings) && settings.ValueKind == JsonValueKind.Object ? settings.Number("n_ctx") : null,
    };

    private async Task<BackendFacts> CompleteAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        using var models = (await _client.GetAsync("v1/models", cancellationToken).ConfigureAwait(false)).Value;
        using var adapters = (await _client.GetAsync("lora-adapters", cancellationToken).ConfigureAwait(false)).Value;
        var slots = await _client.GetSlotsAsync(cancellationToken).ConfigureAwait(false);
        var meta = models is { RootElement.ValueKind: JsonValueKind.Object } && models.RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array && data.GetArrayLength() > 0
            && data[0].ValueKind == JsonValueKind.Object && data[0].TryGetProperty("meta", out var found) && found.ValueKind == JsonValueKind.Object
            ? string.Join(',', found.EnumerateObject().Where(m => m.Name != "n_ctx").Select(m => $"{m.Name}={m.Value.GetRawText()}"))
            : null;
        return facts with
        {
            ModelMeta = meta,
            Adapters = adapters?.RootElement.GetRawText(),
            CanReadSlots = slots.IsSuccess,
            CanSaveSlots = slots.IsSuccess && await _client.CanSaveSlotsAsync(cancellationToken).ConfigureAwait(false),
        };
    }

    private static bool IsAsleep(JsonElement props) => props.TryGetProperty("is_sleeping", out var sleeping) && sleeping.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void Log(BackendState before, BackendState after)
    {
        if (after.Status == BackendStatus.Ready)
        {
            LogReady(_url, after.Facts?.ModelAlias ?? after.Facts?.ModelPath ?? "unknown model", after.Facts?.TotalSlots?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown");
            if ((after.Problem ?? after.Facts?.Missing) is { } missing)
                LogMissing(missing);
        }
        else if (after.Status != before.Status)
        {
            LogAway(_url, after.Status switch { BackendStatus.Loading => "is loading its model", BackendStatus.Sleeping => "sleeps", _ => "is not reachable" }, after.Problem ?? string.Empty);
        }
    }

    [LoggerMessage(LogLevel.Information, "Backend {Url} is ready: {Model}, {Slots} slots.")]
    private partial void LogReady(Uri url, string model, string slots);

    [LoggerMessage(LogLevel.Warning, "{Missing}")]
    private partial void LogMissing(string missing);

    [LoggerMessage(LogLevel.Warning, "Backend {Url} {What}: {Problem}.")]
    private partial void LogAway(Uri url, string what, string problem);

    [LoggerMessage(LogLevel.Warning, "The backend may have been replaced ({Reason}): nothing known about its slots is used until it was looked at again.")]
    private partial void LogSuspect(string reason);

    [LoggerMessage(LogLevel.Error, "Watching the backend failed; it goes on.")]
    private partial void LogLoopFailed(Exception exception);
}
