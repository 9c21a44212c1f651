using System.Text.Json.Nodes;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>One model at one address, across its processes: what a driver reaches. All models look alike but for their weights.</summary>
/// <param name="world">The run.</param>
/// <param name="name">The model's name at its server.</param>
internal sealed class SimulatedModel(FleetWorld world, string name) : IBackendDriver, ISlotApi
{
    private static readonly BackendFacts Facts = FakeDriver.Facts with { ModelType = "one architecture", ModelMeta = "n_params=1" };

    private volatile SimulatedProcess? _process;

    public string Name => name;

    public ISlotApi? Slots => this;

    /// <summary>The process that answers; null while there is none.</summary>
    public SimulatedProcess? Process
    {
        get => _process is { IsAlive: true } alive ? alive : null;
        set => _process = value;
    }

    /// <summary>A call came and no process was there for it. llama-swap would load the model.</summary>
    public Action OnMissed { get; set; } = static () => { };

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Found() is { } process
            ? Discovery.Found(
                BackendStatus.Ready,
                Facts with { ModelAlias = name, TotalSlots = process.Slots, ProcessMarker = process.Marker },
                null)
            : Discovery.Found(BackendStatus.Unreachable, null, "connection refused"));
    }

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Found()?.Marker == facts.ProcessMarker ? ProcessCheck.Same : ProcessCheck.Other);
    }

    public Task WakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Found() is { } process ? Good(process, process.List()) : Gone<IReadOnlyList<SlotRow>>());
    }

    public async Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken) =>
        Found() is { } process && await process.SaveAsync(slot, fileName).ConfigureAwait(false) is { } saved
            ? Good(process, saved)
            : Gone<SlotFileResult>();

    public async Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken)
    {
        if (Found() is not { } process || await process.RestoreAsync(slot, fileName).ConfigureAwait(false) is not { } restored)
            return Gone<SlotFileResult>();
        return restored.Tokens >= 0 ? Good(process, restored) : new(null, 400, "no such file", null, process.Connection);
    }

    public Task<bool> EraseAsync(int slot, CancellationToken cancellationToken)
    {
        Found()?.Erase(slot);
        return Task.FromResult(Process is not null);
    }

    public Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken) =>
        Task.FromResult(Gone<string>());

    public Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken) =>
        Task.FromResult(Gone<int[]>());

    public async Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(
        string prompt, int count, CancellationToken cancellationToken)
    {
        if (Found() is not { } process)
            return Gone<IReadOnlyDictionary<int, double>>();
        await process.EvaluateAsync(prompt.Length / 4, null).ConfigureAwait(false);
        return !process.IsAlive ? Gone<IReadOnlyDictionary<int, double>>()
            : Good<IReadOnlyDictionary<int, double>>(process, new Dictionary<int, double> { [1] = -1 - process.Weights, [2] = -0.5 });
    }

    public Task<BackendAnswer<EvaluationResult>> EvaluateChatAsync(
        JsonObject chat, int? slot, bool mayReuse, CancellationToken cancellationToken) =>
        throw new NotSupportedException("no prompt of the simulation has pictures");

    public async Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        int[] tokens, int? slot, bool mayReuse, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        if (Found() is not { } process)
            return Gone<EvaluationResult>();
        var used = await process.EvaluateAsync(tokens.Length, slot).ConfigureAwait(false);
        if (!process.IsAlive)
            return Gone<EvaluationResult>();
        progress(0, tokens.Length, tokens.Length);
        return Good(process, new EvaluationResult(used, 0, tokens.Length));
    }

    public void Dispose()
    {
        // it holds nothing
    }

    private SimulatedProcess? Found()
    {
        if (Process is { } process)
            return process;
        OnMissed();
        return null;
    }

    private static BackendAnswer<T> Good<T>(SimulatedProcess process, T value)
        where T : class => new(value, 200, null, null, process.Connection);

    private BackendAnswer<T> Gone<T>()
        where T : class
    {
        world.Add("control calls that failed");
        return new(null, 0, "connection refused", TransportFault.Unreachable, null);
    }
}
