using System.Buffers;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Transforms;

/// <summary>
/// Runs the response transforms over one response, fenced. The response meets them in the reverse order of the request. Used by one thread at
/// a time; other threads may only wait for <see cref="Hung"/>.
/// </summary>
internal sealed class ResponseEdits : IDisposable
{
    private readonly IReadOnlyList<PluginResponseTransform> _transforms;
    private readonly ResponseContext _context;
    private readonly PluginFence _fence;
    private readonly PluginRun _run;
    private readonly TimeSpan[] _spent;
    private readonly Dictionary<ResponseChannel, IResponseEditor?[]?> _channels = [];
    private readonly List<ResponseChannel> _open = [];
    private readonly TaskCompletionSource<PluginFailure> _hung = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;

    /// <param name="transforms">At least one, in the order of the request.</param>
    /// <param name="context">The response.</param>
    /// <param name="fence">Its budget holds for each single call.</param>
    public ResponseEdits(IReadOnlyList<PluginResponseTransform> transforms, ResponseContext context, PluginFence fence)
    {
        _transforms = [.. transforms.Reverse()];
        _context = context;
        _fence = fence;
        _run = new PluginRun(_transforms[0]);
        _spent = new TimeSpan[transforms.Count];
        var period = BlockedThreadWatch.PeriodOf(fence.Budget.Limit);
        _timer = fence.Time.CreateTimer(static edits => ((ResponseEdits)edits!).Watch(), this, period, period);
    }

    /// <summary>Completes when a plugin does not return; the editing thread is lost in it then.</summary>
    public Task<PluginFailure> Hung => _hung.Task;

    /// <summary>The texts that have begun and not ended and have an editor, in the order they began.</summary>
    public IReadOnlyList<ResponseChannel> Open => _open;

    /// <summary>Whether a text has begun and not ended and has an editor.</summary>
    public bool IsOpen(ResponseChannel channel) => _channels.TryGetValue(channel, out var editors) && editors is not null;

    /// <summary>The next piece of a text.</summary>
    /// <returns>The same object when nothing is changed.</returns>
    /// <exception cref="PluginFailureException">A plugin failed.</exception>
    public string Edit(ResponseChannel channel, string text)
    {
        if (text.Length == 0)
            return text; // begins nothing: many servers send an empty text beside the role
        if (!_channels.TryGetValue(channel, out var editors))
        {
            _channels[channel] = editors = Begin(channel);
            if (editors is not null)
                _open.Add(channel);
        }

        return editors is null ? text : Edit(editors, text);
    }

    /// <summary>A text has ended.</summary>
    /// <returns>What was held back.</returns>
    /// <exception cref="PluginFailureException">A plugin failed.</exception>
    public string Finish(ResponseChannel channel)
    {
        if (!_channels.Remove(channel, out var editors) || editors is null)
            return "";
        _open.Remove(channel);
        return Finish(editors);
    }

    /// <summary>A text that is complete.</summary>
    /// <returns>The same object when nothing is changed.</returns>
    /// <exception cref="PluginFailureException">A plugin failed.</exception>
    public string Whole(ResponseChannel channel, string text)
    {
        if (text.Length == 0 || Begin(channel) is not { } editors)
            return text;
        var edited = Edit(editors, text);
        var rest = Finish(editors);
        return rest.Length == 0 ? edited : edited + rest;
    }

    public void Dispose()
    {
        _timer.Dispose();
        for (var i = 0; i < _transforms.Count; i++)
            _fence.Called(_transforms[i], _spent[i]);
    }

    private IResponseEditor?[]? Begin(ResponseChannel channel)
    {
        var editors = new IResponseEditor?[_transforms.Count];
        var hasAny = false;
        for (var i = 0; i < editors.Length; i++)
        {
            editors[i] = Begin(i, channel);
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

    private IResponseEditor? Begin(int at, ResponseChannel channel)
    {
        var started = Enter(at);
        IResponseEditor? editor;
        try
        {
            editor = _transforms[at].Begin(_context, channel);
        }
        catch (Exception e)
        {
            throw Threw(at, started, e);
        }

        Leave(at, started);
        return editor;
    }

    /// <param name="at">The transform.</param>
    /// <param name="editor">Its editor.</param>
    /// <param name="text">The next piece; null when the text has ended.</param>
    private string Call(int at, IResponseEditor editor, string? text)
    {
        var started = Enter(at);
        string edited;
        try
        {
            edited = (text is null ? editor.Finish() : editor.Edit(text))
                ?? throw new InvalidOperationException("it returned null instead of a text");
            if (!ReferenceEquals(edited, text) && !IsWhole(edited))
                throw new InvalidOperationException("it returned half a character (a lone surrogate)");
        }
        catch (Exception e)
        {
            throw Threw(at, started, e);
        }

        Leave(at, started);
        return edited;
    }

    /// <summary>Whether a text consists of whole characters: neither JSON nor the next editor could take half of one.</summary>
    private static bool IsWhole(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOfAnyInRange('\ud800', '\udfff'); at >= 0;)
        {
            if (Rune.DecodeFromUtf16(text[at..], out _, out var length) != OperationStatus.Done)
                return false;
            text = text[(at + length)..];
            at = text.IndexOfAnyInRange('\ud800', '\udfff');
        }

        return true;
    }

    private long Enter(int at)
    {
        var started = _fence.Time.GetTimestamp();
        return _run.Begin(_transforms[at], started) ? started : throw Abandoned();
    }

    private void Leave(int at, long started)
    {
        if (!_run.End(last: false))
            throw Abandoned();
        _spent[at] += _fence.Time.GetElapsedTime(started);
    }

    private PluginFailureException Threw(int at, long started, Exception e)
    {
        Leave(at, started);
        return new PluginFailureException(_fence.Threw(_transforms[at], e));
    }

    /// <summary>The response was ended without this thread: the failure has been recorded and reported already.</summary>
    private PluginFailureException Abandoned() => new(_fence.Abandoned(_run.Current));

    private void Watch()
    {
        if (_run.AbandonIfStuck(_fence.Budget.Limit, _fence.Time) is { } culprit)
            _hung.TrySetResult(_fence.TimedOut(culprit, wasReached: true));
    }
}
