using Bioproxy.Host.Backends;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>A llama-server that is always ready and stays the same process.</summary>
internal sealed class SimulatedDriver(ISlotApi api) : IBackendDriver
{
    private static readonly BackendFacts Facts = new()
    {
        IsLlamaServer = true,
        ModelAlias = "simulated",
        Build = "simulated",
        TotalSlots = SimulatedRates.Slots,
        ContextPerSlot = 32768,
        ProcessMarker = "one",
        Adapters = "[]",
        CanReadSlots = true,
        CanSaveSlots = true,
    };

    public ISlotApi? Slots => api;

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken) =>
        Task.FromResult(Discovery.Found(BackendStatus.Ready, Facts, null));

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken) =>
        Task.FromResult(ProcessCheck.Same);

    public Task WakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // it holds nothing
    }
}
