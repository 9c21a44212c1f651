using System.Text.Json.Nodes;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>
/// The slots of one simulated llama-server, which know what they really hold. Control calls are answered at once; the time that they would
/// take is counted and collected by <see cref="TakeSeconds"/>. Files are sparse: their size is right and they hold nothing. There is no
/// cache in RAM, and every state can be rolled back to any token, as those of dense models can.
/// </summary>
/// <param name="folder">The slot folder.</param>
/// <param name="files">What the files hold: all instances see the same ones.</param>
internal sealed class SimulatedSlots(string folder, Dictionary<string, int[]> files) : ISlotApi
{
    private static readonly ConnectionUse Connection = new() { Connection = 1, Established = 1 };

    private readonly int[][] _held = [.. Enumerable.Range(0, SimulatedRates.Slots).Select(_ => Array.Empty<int>())];
    private readonly SlotRow[] _rows = [.. Enumerable.Range(0, SimulatedRates.Slots).Select(id => new SlotRow(id, false, null, null))];
    private readonly long[] _lastUsed = new long[SimulatedRates.Slots];
    private long _tasks;
    private double _saving;
    private double _restoring;

    /// <summary>The seconds that the control calls since the last question took.</summary>
    public (double Saving, double Restoring) TakeSeconds()
    {
        var taken = (_saving, _restoring);
        (_saving, _restoring) = (0, 0);
        return taken;
    }

    /// <summary>A request begins.</summary>
    /// <param name="pinned">Its slot; null where the server chooses, as llama-server does: the most similar slot, else the least recently
    /// used.</param>
    /// <param name="blocks">Its prompt.</param>
    /// <returns>The slot, and how many blocks were there already.</returns>
    public (int Slot, int Reused) Begin(int? pinned, int[] blocks)
    {
        var slot = pinned ?? Enumerable.Range(0, _rows.Length).Where(id => !_rows[id].IsProcessing)
            .OrderByDescending(id => Shared(_held[id], blocks) * 10 > blocks.Length ? Shared(_held[id], blocks) : 0)
            .ThenBy(id => _lastUsed[id]).First();
        if (_rows[slot].IsProcessing)
            throw new InvalidOperationException("A request was sent to a slot that is at work.");
        var reused = Shared(_held[slot], blocks);
        Hold(slot, blocks, isProcessing: true);
        return (slot, reused);
    }

    public void End(int slot) => _rows[slot] = _rows[slot] with { IsProcessing = false };

    public Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken) =>
        Good<IReadOnlyList<SlotRow>>([.. _rows]);

    public Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken)
    {
        var tokens = _held[slot].Length * SimulatedRates.BlockTokens;
        var bytes = (long)tokens * SimulatedRates.TokenBytes;
        using (var file = File.Create(Path.Combine(folder, fileName)))
            file.SetLength(bytes);
        lock (files)
            files[fileName] = _held[slot];
        _saving += bytes / SimulatedRates.SaveBytes;
        return Answer(tokens, bytes, SimulatedRates.SaveBytes);
    }

    public Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken)
    {
        lock (files)
            _held[slot] = files[fileName];
        var tokens = _held[slot].Length * SimulatedRates.BlockTokens;
        _rows[slot] = _rows[slot] with { PromptTokens = tokens };
        var bytes = (long)tokens * SimulatedRates.TokenBytes;
        _restoring += bytes / SimulatedRates.RestoreBytes;
        return Answer(tokens, bytes, SimulatedRates.RestoreBytes);
    }

    public Task<bool> EraseAsync(int slot, CancellationToken cancellationToken)
    {
        _held[slot] = [];
        _rows[slot] = _rows[slot] with { PromptTokens = 0 };
        return Task.FromResult(true);
    }

    public Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(
        string prompt, int count, CancellationToken cancellationToken) =>
        Good<IReadOnlyDictionary<int, double>>(new Dictionary<int, double> { [1] = -0.5, [2] = -1.5 });

    public Task<BackendAnswer<EvaluationResult>> EvaluateChatAsync(
        JsonObject chat, int? slot, bool mayReuse, CancellationToken cancellationToken) =>
        throw new NotSupportedException("no prompt of the simulation has pictures");

    public Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        int[] tokens, int? slot, bool mayReuse, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        var used = slot ?? 0;
        Hold(used, [], isProcessing: false);
        _rows[used] = _rows[used] with { PromptTokens = tokens.Length };
        progress(0, tokens.Length, tokens.Length);
        return Good(new EvaluationResult(used, 0, tokens.Length));
    }

    private static int Shared(int[] a, int[] b) => a.AsSpan().CommonPrefixLength(b);

    private static Task<BackendAnswer<T>> Good<T>(T value)
        where T : class => Task.FromResult(new BackendAnswer<T>(value, 200, null, null, Connection));

    private static Task<BackendAnswer<SlotFileResult>> Answer(int tokens, long bytes, double rate) =>
        Good(new SlotFileResult(tokens, bytes, TimeSpan.FromSeconds(bytes / rate)));

    private void Hold(int slot, int[] blocks, bool isProcessing)
    {
        _held[slot] = blocks;
        _lastUsed[slot] = ++_tasks;
        _rows[slot] = new SlotRow(slot, isProcessing, _tasks, blocks.Length * SimulatedRates.BlockTokens);
    }

}
