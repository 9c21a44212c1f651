using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Backends.Drivers.LlamaServer;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Cluster.Pools;

/// <summary>A model in the pool of another proxy: its state is what that proxy reported last, and nothing else asks its server, which
/// nobody but that proxy reaches. That proxy loads, watches and saves it.</summary>
internal sealed class ReportedModel(Uri address, TimeSpan connectTimeout, Presence proxy) : IBackendDriver, IModelLoader
{
    private readonly ControlCalls _calls = new(address, connectTimeout, apiKey: null);
    private volatile PooledModelMessage? _report;

    /// <summary>What its proxy says of it now.</summary>
    public PooledModelMessage? Report
    {
        get => _report;
        set => _report = value;
    }

    /// <summary>Its slots are its proxy's to manage.</summary>
    public ISlotApi? Slots => null;

    public string State => _report?.State ?? "unloaded";

    public string? Obstacle => null;

    /// <summary>Its own proxy can.</summary>
    public bool CanUnload => false;

    public IReadOnlyList<string>? Log => null;

    public double ExpectedSeconds => _report?.LoadSeconds ?? 0;

    /// <summary>The control calls that its proxy passes on under a turn.</summary>
    public ISlotApi ApiUnder(string turn) => new LlamaServerApi(_calls.Under(turn));

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken) => Task.FromResult(_report switch
    {
        { State: "ready" } report => Discovery.Found(BackendStatus.Ready, FactsIn(report), null),
        { State: "loading" or "waiting" } => Discovery.Found(BackendStatus.Loading, null, "it is being loaded"),
        _ => Discovery.Found(BackendStatus.Unloaded, null, "it is loaded when a request comes"),
    });

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken) =>
        Task.FromResult(ProcessCheck.Same);

    public Task WakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>It is loaded with the turn.</summary>
    public ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken) => default;

    /// <summary>The next turn loads it, as long as its proxy is there.</summary>
    public ValueTask<bool> RestartsAsync(CancellationToken cancellationToken) => new(proxy.IsThere);

    public Task UnloadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Subscribe(ISwapListener listener)
    {
        // its proxy tells its own
    }

    public void Dispose() => _calls.Dispose();

    private static BackendFacts FactsIn(PooledModelMessage report) => new()
    {
        IsLlamaServer = true,
        CanReadSlots = true,
        CanSaveSlots = true,
        ModelAlias = report.Name,
        TotalSlots = report.Slots,
        ContextPerSlot = report.Context,
        ModelMeta = report.Meta,
        ModelType = report.Type,
        Build = report.Build,
        Adapters = report.Adapters,
        SeesImages = report.SeesImages,
        CallsTools = report.CallsTools,
    };
}
