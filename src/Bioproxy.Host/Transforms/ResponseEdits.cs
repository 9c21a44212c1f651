using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.Transforms;

/// <summary>
/// The response transforms at work on one response, fenced. The answer meets them in the reverse order of the way in. Used by one thread at a
/// time; another one may only wait for <see cref="Hung"/>.
/// </summary>
internal sealed class ResponseEdits : IDisposable
{
    private readonly IReadOnlyList<PluginResponseTransform> _transforms;
    private readonly ResponseContext _context;
    private readonly TimeSpan _budget;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TimeSpan[] _spent;
    private readonly Dictionary<ResponseChannel, IResponseEditor?[]?> _channels = [];
    private readonly TaskCompletionSource<TransformFailure> _hung = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private readonly Lock _lock = new(); // of the three below: either a call has come back or it hangs
    private PluginResponseTransform? _running;
    private long _started;
    private bool _isAbandoned;

    /// <param name="transforms">In the order of the way in.</param>
    /// <param name="context">The response.</param>
    /// <param name="budget">The longest one call may take.</param>
    /// <param name="metrics">Counts calls and failures.</param>
    /// <param name="time">The clock.</param>
    public ResponseEdits(IReadOnlyList<PluginResponseTransform> transforms, ResponseContext context, TimeSpan budget, ProxyMetrics metrics, TimeProvider time)
    {
        _transforms = [.. transforms.Reverse()];
        _context = context;
        _budget = budget;
        _metrics = metrics;
        _time = time;
        _spent = new TimeSpan[transforms.Count];
        var period = TimeSpan.FromMilliseconds(Math.Clamp(budget.TotalMilliseconds / 4, 5, 250));
        _timer = time.CreateTimer(static edits => ((ResponseEdits)edits!).Watch(), this, period, period);
    }

    /// <summary>Completes when a plugin does not come back; whoever edits is lost in it then.</summary>
    public Task<TransformFailure> Hung => _hung.Task;

    /// <summary>The texts that have begun and not ended, and that somebody edits.</summary>
    public IEnumerable<ResponseChannel> Open => _channels.Where(pair => pair.Value is not null).Select(pair => pair.Key);

    /// <summary>Whether a text has begun and not ended, and somebody edits it.</summary>
    public bool IsOpen(ResponseChannel channel) => _channels.TryGetValue(channel, out var editors) && editors is not null;

    /// <summary>The next piece of a text.</summary>
    /// <returns>The same object when nothing is changed.</returns>
    /// <exception cref="ResponseFailureException">A plugin failed.</exception>
    public string Edit(ResponseChannel channel, string text)
    {
        if (!_channels.TryGetValue(channel, out var editors))
            _channels[channel] = editors = Begin(channel);
        return editors is null ? text : Edit(editors, text);
    }

    /// <summary>A text has ended.</summary>
    /// <returns>What was held back.</returns>
    /// <exception cref="ResponseFailureException">A plugin failed.</exception>
    public string Finish(ResponseChannel channel) => _channels.Remove(channel, out var editors) && editors is not null ? Finish(editors) : "";

    /// <summary>A text that is there as a whole.</summary>
    /// <returns>The same object when nothing is changed.</returns>
    /// <exception cref="ResponseFailureException">A plugin failed.</exception>
    public string Whole(ResponseChannel channel, string text)
    {
        if (Begin(channel) is not { } editors)
            return text;
        var edited = Edit(editors, text);
        var rest = Finish(editors);
        return rest.Length == 0 ? edited : edited + rest;
    }

    public void Dispose()
    {
        _timer.Dispose();
        for (var i = 0; i < _transforms.Count; i++)
        {
            _transforms[i].Called();
            _metrics.PluginCalled(_transforms[i].Plugin, _spent[i]);
        }
    }

    private IResponseEditor?[]? Begin(ResponseChannel channel)
    {
        var editors = new IResponseEditor?[_transforms.Count];
        var hasAny = false;
        for (var i = 0; i < editors.Length; i++)
        {
            var transform = _transforms[i];
            editors[i] = Fenced(i, () => transform.Begin(_context, channel));
            hasAny |= editors[i] is not null;
        }

        return hasAny ? editors : null;
    }

    private string Edit(IResponseEditor?[] editors, string text)
    {
        for (var i = 0; i < editors.Length && text.Length > 0; i++)
        {
            if (editors[i] is { } editor)
                text = Call(i, editor, text);
        }

        return text;
    }

    private string Finish(IResponseEditor?[] editors)
    {
        var rest = "";
        for (var i = 0; i < editors.Length; i++)
        {
            if (editors[i] is not { } editor)
                continue;
            if (rest.Length > 0)
                rest = Call(i, editor, rest);
            rest += Call(i, editor, null);
        }

        return rest;
    }

    /// <param name="at">The transform.</param>
    /// <param name="editor">Its editor.</param>
    /// <param name="text">The next piece; null when the text has ended.</param>
    private string Call(int at, IResponseEditor editor, string? text)
    {
        var started = Enter(at);
        try
        {
            return (text is null ? editor.Finish() : editor.Edit(text)) ?? throw new InvalidOperationException("it returned null instead of a text");
        }
        catch (Exception e)
        {
            throw Threw(at, e);
        }
        finally
        {
            Leave(at, started);
        }
    }

    private T Fenced<T>(int at, Func<T> call)
    {
        var started = Enter(at);
        try
        {
            return call();
        }
        catch (Exception e)
        {
            throw Threw(at, e);
        }
        finally
        {
            Leave(at, started);
        }
    }

    private long Enter(int at)
    {
        lock (_lock)
        {
            _running = _transforms[at];
            return _started = _time.GetTimestamp();
        }
    }

    private void Leave(int at, long started)
    {
        lock (_lock)
        {
            _running = null;
            _spent[at] += _time.GetElapsedTime(started);
            if (_isAbandoned)
                throw new OperationCanceledException(); // the response was ended without us
        }
    }

    private void Watch()
    {
        lock (_lock)
        {
            if (_isAbandoned || _running is not { } culprit || _time.GetElapsedTime(_started) < _budget)
                return;
            _isAbandoned = true;
            _hung.TrySetResult(Failed(culprit, TransformFailureKind.Timeout, "timeout", $"did not end within {_budget.TotalMilliseconds} ms (plugin_time_budget_ms)."));
        }
    }

    private ResponseFailureException Threw(int at, Exception e) => new(Failed(_transforms[at], TransformFailureKind.Exception, "exception", $"failed: {e.GetType().Name}: {e.Message}"));

    private TransformFailure Failed(PluginResponseTransform transform, TransformFailureKind kind, string type, string what)
    {
        _metrics.PluginFailed(transform.Plugin, type);
        transform.Failed(new PluginError(_time.GetUtcNow(), transform.Name, what));
        return new TransformFailure(transform.Plugin, transform.Name, kind, $"Response transform '{transform.Name}' of plugin '{transform.Plugin}' {what}");
    }
}
