using System.Diagnostics;
using System.Globalization;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// One process of a server with one model. A token is four characters, and each slot holds a text and the weights that computed it. It
/// watches that no slot is used twice, and that nothing is restored that other weights computed.
/// </summary>
internal sealed class SimulatedProcess
{
    private static long _last;

    private readonly FleetWorld _world;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _died = new();
    private readonly SlotRow[] _rows;
    private readonly (int Weights, string Text)[] _held;
    private readonly int[] _users;
    private long _tasks;

    public SimulatedProcess(FleetWorld world, string name, int weights, int slots)
    {
        (_world, Name, Weights) = (world, name, weights);
        _rows = [.. Enumerable.Range(0, slots).Select(static id => new SlotRow(id, false, null, null))];
        _held = [.. Enumerable.Repeat((weights, ""), slots)];
        _users = new int[slots];
        Connection = new ConnectionUse { Connection = Interlocked.Increment(ref _last), Established = Stopwatch.GetTimestamp() };
    }

    public string Name { get; }

    public int Weights { get; }

    public ConnectionUse Connection { get; }

    /// <summary>Differs from process to process.</summary>
    public string Marker => Connection.Connection.ToString(CultureInfo.InvariantCulture);

    public int Slots => _rows.Length;

    public bool IsAlive => !_died.IsCancellationRequested;

    /// <summary>Requests that clients wait for.</summary>
    public int Requests { get; private set; }

    /// <summary>It ends, whatever it is doing.</summary>
    public void Die() => _died.Cancel();

    /// <summary>A client's request, from its arrival to the end of its answer.</summary>
    public async Task<SimulatedAnswer> RunAsync(string text, int? pin, Action started, CancellationToken gone)
    {
        if (!IsAlive)
            return default;
        var slot = Begin("a request", pin);
        int cached;
        lock (_lock)
        {
            Requests++;
            cached = CachedOf(slot, text);
        }

        var stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _world.Time);
        _died.Token.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), stop);
        var work = ComputeAsync(slot, text, cached, started, stop.Token);
        try
        {
            return await work.WaitAsync(gone).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            stop.CancelAfter(_world.Milliseconds(1, 300)); // the server notices it a while later
            throw;
        }
        finally
        {
            lock (_lock)
                Requests--;
        }
    }

    public IReadOnlyList<SlotRow> List()
    {
        lock (_lock)
            return [.. _rows];
    }

    public async Task<SlotFileResult?> SaveAsync(int slot, string file)
    {
        Begin("a save", slot);
        await DelayAsync(_world.Milliseconds(5, 40)).ConfigureAwait(false);
        if (!IsAlive)
            return null;
        var (weights, text) = _held[slot];
        var path = Path.Combine(_world.Slots, file);
        await File.WriteAllTextAsync(path, $"{weights}\n{text}").ConfigureAwait(false);
        End(slot, weights, text);
        _world.Add("saves");
        return new SlotFileResult(text.Length / 4, new FileInfo(path).Length, TimeSpan.FromMilliseconds(20));
    }

    /// <returns>Null when it died; without tokens when there is no such file.</returns>
    public async Task<SlotFileResult?> RestoreAsync(int slot, string file)
    {
        Begin("a restore", slot);
        var path = Path.Combine(_world.Slots, file);
        var content = File.Exists(path) ? await File.ReadAllTextAsync(path).ConfigureAwait(false) : null;
        await DelayAsync(_world.Milliseconds(5, 40)).ConfigureAwait(false);
        if (!IsAlive)
            return null;
        if (content is null)
        {
            End(slot, Weights, "");
            return new SlotFileResult(-1, 0, TimeSpan.Zero);
        }

        var at = content.IndexOf('\n', StringComparison.Ordinal);
        var weights = int.Parse(content.AsSpan(0, at), CultureInfo.InvariantCulture);
        var text = content[(at + 1)..];
        if (weights != Weights)
            _world.Violate($"{Name} restored {file} of weights {weights} into weights {Weights}");
        End(slot, weights, text);
        _world.Add("restores");
        return new SlotFileResult(text.Length / 4, content.Length, TimeSpan.FromMilliseconds(20));
    }

    public void Erase(int slot)
    {
        Begin("an erase", slot);
        End(slot, Weights, "");
    }

    /// <summary>Work of the proxy itself, in this slot or any that is idle.</summary>
    public async Task<int> EvaluateAsync(int tokens, int? pin)
    {
        var slot = Begin("an evaluation", pin);
        await DelayAsync(_world.Milliseconds(1, 5)).ConfigureAwait(false);
        End(slot, Weights, new string('\u0001', tokens * 4));
        return slot;
    }

    private Task DelayAsync(TimeSpan time) =>
        Task.Delay(time, _world.Time, _died.Token).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task<SimulatedAnswer> ComputeAsync(int slot, string text, int cached, Action started, CancellationToken stop)
    {
        var tokens = text.Length / 4;
        var hasStarted = false;
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5 + ((tokens - cached) * 0.4)), _world.Time, stop).ConfigureAwait(false);
            hasStarted = true;
            started();
            await Task.Delay(_world.Milliseconds(50, 800), _world.Time, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            End(slot, Weights, hasStarted ? text : text[..(cached * 4)]);
            return new SimulatedAnswer(null, hasStarted);
        }

        End(slot, Weights, text);
        return new SimulatedAnswer(new PromptTimings(cached, tokens - cached, 1) { PrefillSeconds = (tokens - cached) * 0.0004 }, true);
    }

    /// <returns>The slot, which belongs to the caller until its end.</returns>
    private int Begin(string what, int? pin)
    {
        lock (_lock)
        {
            var slot = pin ?? Array.IndexOf(_users, 0);
            if (slot < 0 || _users[slot] > 0)
                _world.Violate($"{Name}: {what} met another on slot {(slot < 0 ? "any" : slot)}");
            slot = Math.Max(slot, 0);
            _users[slot]++;
            _rows[slot] = _rows[slot] with { IsProcessing = true, TaskId = _tasks++ };
            return slot;
        }
    }

    private void End(int slot, int weights, string text)
    {
        lock (_lock)
        {
            _users[slot]--;
            _held[slot] = (weights, text);
            _rows[slot] = _rows[slot] with { IsProcessing = _users[slot] > 0, PromptTokens = text.Length / 4 };
        }
    }

    private int CachedOf(int slot, string text)
    {
        var (weights, held) = _held[slot];
        if (weights != Weights)
            _world.Violate($"{Name} computed on a state of weights {weights}");
        return Math.Min(held.AsSpan().CommonPrefixLength(text), text.Length - 4) / 4;
    }
}
