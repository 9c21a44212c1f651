using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.UnitTests.Admin;

/// <summary>The state of a proxy as a test sets it; at first nothing is known of the backend.</summary>
internal sealed class FakeProxyState : IProxyState
{
    public static readonly Uri Url = new("http://backend.test:8081/");

    public static readonly ModelSummary Model = new()
    {
        IsLlamaServer = true,
        Alias = "tiny",
        Path = "models/tiny.gguf",
        Build = "b1-test",
        Slots = 2,
        ContextPerSlot = 8192,
        CanReadSlots = true,
        CanSaveSlots = true,
    };

    public BackendSummary Backend { get; set; } = new(Url, BackendStatus.Unknown, "not asked yet", null);

    public QueueSummary Queue { get; set; } = new(2, 0, [new("interactive", 0, 0), new("batch", 0, 0), new("warm-up", 0, 0)]);

    public long BodyBytes { get; set; }

    public IReadOnlyList<ServedSummary> Models { get; set; } = [];

    public IReadOnlyList<SlotSummary> Slots { get; set; } = [];

    public IReadOnlyList<SnapshotSummary> Snapshots { get; set; } = [];

    public IReadOnlyList<string> Quarantined { get; set; } = [];

    public IReadOnlyList<RestoreSummary> Restores { get; set; } = [];

    public string? RestoreDisabledReason { get; set; }

    public IReadOnlyList<WarmUpStatus> WarmUps { get; set; } = [WarmUpStatus.Initial("@code")];

    public IReadOnlyList<PreambleSummary> Preambles { get; set; } = [];

    public IReadOnlyList<TemplateStatus> Templates { get; set; } = [];

    public IReadOnlyList<PluginStatus> Plugins { get; set; } = [];

    public IReadOnlyList<string> ClusterProblems { get; set; } = [];

    public bool IsOpen { get; set; } = true;

    public IReadOnlyList<string> Addresses { get; set; } = ["http://127.0.0.1:8088/"];

    public void SetReady() => Backend = new BackendSummary(Url, BackendStatus.Ready, null, Model)
    {
        Instance = 1,
        Fingerprint = "fingerprint",
        FingerprintSince = DateTimeOffset.UnixEpoch,
    };
}
