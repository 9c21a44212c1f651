using System.Globalization;
using Bioproxy.Host.Backends;
using Bioproxy.UnitTests.Fleet;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>
/// One llama-server before several proxies, as it behaves whoever calls it: what is pinned to a slot waits for it, everything else waits
/// for a free one and gets the slot that shares most with it, and each slot continues from the beginning that it has in common with the
/// prompt. It watches that no answer is computed from a state of other weights or of another domain, that no file holds anything else than
/// what the proxy that restores it believes, and that no owner has two requests on one slot.
/// </summary>
internal sealed class SlotServer(FleetWorld world, int slots)
{
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(10);

    private readonly List<(int? Pin, string Text, TaskCompletionSource<int> Turn)> _waiting = [];
    private readonly List<ServerRequest> _pinned = [];
    private readonly List<(DateTimeOffset At, Guid? Owner)> _starts = [];
    private readonly SlotRow[] _rows = new SlotRow[slots];
    private readonly ServerState[] _held = new ServerState[slots];
    private readonly long[] _used = new long[slots];
    private CancellationTokenSource _died = new();
    private long _tasks;
    private long _clock;

    public int Slots => slots;

    /// <summary>The weights of this process.</summary>
    public int Weights { get; private set; }

    /// <summary>Counts the processes.</summary>
    public int Process { get; private set; }

    /// <summary>Cancelled when this process ends.</summary>
    public CancellationToken Died => _died.Token;

    public bool IsUp { get; private set; }

    /// <summary>A probe says the same whatever its weights are.</summary>
    public bool HidesWeights { get; set; }

    /// <summary>It answers, with empty slots.</summary>
    public void Start(int weights)
    {
        (Weights, IsUp, _tasks, _died) = (weights, true, 0, new CancellationTokenSource());
        Process++;
        for (var slot = 0; slot < slots; slot++)
            (_rows[slot], _held[slot], _used[slot]) = (new SlotRow(slot, false, null, null), new ServerState("", weights, null), 0);
    }

    /// <summary>It ends, whatever it is doing.</summary>
    public void Die()
    {
        IsUp = false;
        var waiting = _waiting.ToList();
        _waiting.Clear();
        foreach (var (_, _, turn) in waiting)
            turn.TrySetCanceled();
        _died.Cancel();
    }

    public IReadOnlyList<SlotRow> List() => [.. _rows];

    /// <summary>A client's request, to the end of its answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="started">Its first byte.</param>
    /// <param name="gone">Its client leaves; the server notices that a while later.</param>
    public async Task<SimulatedAnswer> RunAsync(ServerRequest request, Action started, CancellationToken gone)
    {
        if (!IsUp)
            return default;
        if (request.Pin is { } pin)
        {
            if (_pinned.Exists(other => other.Owner == request.Owner && other.Pin == pin && other.IsHeld))
                world.Violate($"two requests of one owner are pinned to slot {pin}");
            _pinned.Add(request);
        }

        using var stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, world.Time);
        using var dying = _died.Token.UnsafeRegister(static one => ((CancellationTokenSource)one!).Cancel(), stop);
        var computing = ComputeAsync(request, started, stop.Token);
        try
        {
            return await computing.WaitAsync(gone).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            request.IsHeld = false;
            stop.CancelAfter(world.Milliseconds(1, 300));
            await computing.ConfigureAwait(false);
            throw;
        }
        finally
        {
            request.IsHeld = false;
            _pinned.Remove(request);
        }
    }

    public async Task<SlotFileResult?> SaveAsync(int slot, string file)
    {
        if (await EnterAsync(slot, "").ConfigureAwait(false) < 0)
            return null;
        var process = Process;
        await PauseAsync(5, 40).ConfigureAwait(false);
        if (process != Process || !IsUp)
            return null;
        var state = _held[slot];
        var path = Path.Combine(world.Slots, file);
        await File.WriteAllTextAsync(path, $"{state.Weights} {state.Domain}\n{state.Text}").ConfigureAwait(false);
        Leave(slot, state);
        world.Add("saves");
        return new SlotFileResult(state.Tokens, new FileInfo(path).Length, TimeSpan.FromMilliseconds(20));
    }

    /// <returns>Null when it died; without tokens when there is no such file.</returns>
    public async Task<SlotFileResult?> RestoreAsync(int slot, string file, Action<string> check)
    {
        if (await EnterAsync(slot, "").ConfigureAwait(false) < 0)
            return null;
        var process = Process;
        await PauseAsync(5, 40).ConfigureAwait(false);
        if (process != Process || !IsUp)
            return null;
        var path = Path.Combine(world.Slots, file);
        if (!File.Exists(path))
        {
            Leave(slot, new ServerState("", Weights, null));
            return new SlotFileResult(-1, 0, TimeSpan.Zero);
        }

        var content = await File.ReadAllTextAsync(path).ConfigureAwait(false);
        var (space, line) = (content.IndexOf(' ', StringComparison.Ordinal), content.IndexOf('\n', StringComparison.Ordinal));
        var domain = content[(space + 1)..line];
        var state = new ServerState(
            content[(line + 1)..], int.Parse(content.AsSpan(0, space), CultureInfo.InvariantCulture), domain.Length == 0 ? null : domain);
        check(state.Text);
        Leave(slot, state);
        world.Add("restores");
        return new SlotFileResult(state.Tokens, new FileInfo(path).Length, TimeSpan.FromMilliseconds(20));
    }

    public async Task EraseAsync(int slot)
    {
        if (await EnterAsync(slot, "").ConfigureAwait(false) >= 0)
            Leave(slot, new ServerState("", Weights, null));
    }

    /// <summary>A proxy's own work.</summary>
    /// <returns>The slot; negative when it died.</returns>
    public async Task<int> EvaluateAsync(int tokens, int? pin)
    {
        var text = new string('\u0001', tokens * ServerState.TokenLength);
        var slot = await EnterAsync(pin, text).ConfigureAwait(false);
        if (slot < 0)
            return slot;
        var process = Process;
        _rows[slot] = _rows[slot] with { TaskId = _tasks++ };
        await PauseAsync(1, 5).ConfigureAwait(false);
        if (process != Process || !IsUp)
            return -1;
        Leave(slot, new ServerState(text, Weights, null));
        return slot;
    }

    private async Task<SimulatedAnswer> ComputeAsync(ServerRequest request, Action started, CancellationToken stop)
    {
        var slot = await EnterAsync(request.Pin, request.Text, stop).ConfigureAwait(false);
        if (slot < 0)
            return default;
        var process = Process;
        _rows[slot] = _rows[slot] with { TaskId = _tasks++ };
        var now = world.Time.GetUtcNow();
        _starts.RemoveAll(start => now - start.At > Recent);
        _starts.Add((now, request.Owner));
        var cached = CachedOf(slot, request);
        var tokens = request.Text.Length / ServerState.TokenLength;
        var hasStarted = false;
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5 + ((tokens - cached) * 0.4)), world.Time, stop).ConfigureAwait(false);
            hasStarted = true;
            started();
            await Task.Delay(world.Milliseconds(50, 800), world.Time, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (process == Process && IsUp)
                Leave(slot, Computed(hasStarted ? request.Text : request.Text[..(cached * ServerState.TokenLength)]));
            return new SimulatedAnswer(null, hasStarted);
        }

        Leave(slot, Computed(request.Text));
        var timings = new PromptTimings(cached, tokens - cached, 1) { PrefillSeconds = (tokens - cached) * 0.0004 };
        return new SimulatedAnswer(timings, true);

        ServerState Computed(string text) => new(text, Weights, request.Domain) { About = request.About };
    }

    /// <summary>The tokens that it continues from.</summary>
    private int CachedOf(int slot, ServerRequest request)
    {
        var state = _held[slot];
        var cached = !request.MayReuse ? 0
            : Math.Min(state.Text.AsSpan().CommonPrefixLength(request.Text), request.Text.Length - 1) / ServerState.TokenLength;
        if (cached == 0)
            return 0;
        if (state.Weights != Weights)
            world.Violate($"slot {slot} continues from a state of weights {state.Weights} with weights {Weights}");
        if (state.Domain is null || state.Domain == request.Domain)
            return cached;

        // What two owners place at the same time, or an earlier one has placed, may get in each other's way: a slot that is prepared may be
        // used by another request first, and what both prompts begin with is then computed once. The owner alone must prevent it.
        if (request.Pin is not null && _starts.Exists(start => start.Owner != request.Owner))
            world.Add("beginnings of another key beside an owner's back");
        else
            world.Violate($"{request.Domain} got {cached} tokens of {state.Domain} from slot {slot}: ({request.About}) ({state.About})");
        return cached;
    }

    private async Task<int> EnterAsync(int? pin, string text, CancellationToken stop = default)
    {
        if (!IsUp)
            return -1;
        if (Choose(pin, text) is { } free)
            return Take(free);
        var process = Process;
        var turn = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = (pin, text, turn);
        _waiting.Add(waiting);
        world.Add("waits at the server");
        try
        {
            return await turn.Task.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (!_waiting.Remove(waiting) && turn.Task.IsCompletedSuccessfully && process == Process && IsUp)
                Leave(await turn.Task.ConfigureAwait(false), null); // granted in the same moment
            return -1;
        }
    }

    private int? Choose(int? pin, string text)
    {
        if (pin is { } wanted)
            return _rows[wanted].IsProcessing ? null : wanted;
        var free = _rows.Where(static row => !row.IsProcessing).Select(static row => row.Id).ToList();
        if (free.Count == 0)
            return null;
        var similar = free.MaxBy(slot => _held[slot].Text.AsSpan().CommonPrefixLength(text));
        return _held[similar].Text.AsSpan().CommonPrefixLength(text) * 10 > text.Length ? similar : free.MinBy(slot => _used[slot]);
    }

    private int Take(int slot)
    {
        _rows[slot] = _rows[slot] with { IsProcessing = true };
        return slot;
    }

    /// <param name="slot">The slot.</param>
    /// <param name="state">What it holds now; null for what it held.</param>
    private void Leave(int slot, ServerState? state)
    {
        _held[slot] = state ?? _held[slot];
        _used[slot] = ++_clock;
        _rows[slot] = _rows[slot] with { IsProcessing = false, PromptTokens = _held[slot].Tokens };
        var next = _waiting.FindIndex(one => Choose(one.Pin, one.Text) == slot);
        if (next < 0)
            return;
        var turn = _waiting[next].Turn;
        _waiting.RemoveAt(next);
        turn.TrySetResult(Take(slot));
    }

    private Task PauseAsync(int least, int most) =>
        Task.Delay(world.Milliseconds(least, most), world.Time, _died.Token).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
