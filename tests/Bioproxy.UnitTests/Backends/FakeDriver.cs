using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Backends;

/// <summary>A driver whose every answer the test chooses. At first it is a server with two slots that stays the same process.</summary>
internal sealed class FakeDriver(FakeSlotApi? api) : IBackendDriver
{
    private int _checks;
    private int _wakes;

    public static BackendFacts Facts { get; } = new()
    {
        IsLlamaServer = true,
        ModelAlias = "fake-model",
        Build = "b1-fake",
        TotalSlots = 2,
        ContextPerSlot = 32768,
        ProcessMarker = "one",
        Adapters = "[]",
        CanReadSlots = true,
        CanSaveSlots = true,
    };

    public static Discovery Ready => Discovery.Found(BackendStatus.Ready, Facts, null);

    public static Discovery Sleeping => Discovery.Found(BackendStatus.Sleeping, null, "it sleeps until a request comes");

    public ISlotApi? Slots => api;

    public Func<CancellationToken, Task<Discovery>> OnDiscover { get; set; } = static _ => Task.FromResult(Ready);

    public Func<CancellationToken, Task<ProcessCheck>> OnCheckProcess { get; set; } = static _ => Task.FromResult(ProcessCheck.Same);

    public Func<CancellationToken, Task> OnWake { get; set; } = static _ => Task.CompletedTask;

    public Func<Task<BackendAnswer<string>>> OnReadMetrics { get; set; } =
        static () => Task.FromResult(new BackendAnswer<string>(null, 501, "test", null, null));

    /// <summary>How often the process was asked about.</summary>
    public int Checks => Volatile.Read(ref _checks);

    public int Wakes => Volatile.Read(ref _wakes);

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken) => OnDiscover(cancellationToken);

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _checks);
        return OnCheckProcess(cancellationToken);
    }

    public Task WakeAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _wakes);
        return OnWake(cancellationToken);
    }

    public Task<BackendAnswer<string>> ReadMetricsAsync(CancellationToken cancellationToken) => OnReadMetrics();

    public void Dispose()
    {
        // it holds nothing
    }
}
