using Bioproxy.Host.Cluster;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>The state of this process.</summary>
internal sealed class ProxyState(
    ModelState model, WarmUpScheduler warmUp, WarmUpStatuses warmUps, TemplateLibrary templates, PluginManager plugins,
    ListenAddresses addresses, RequestPath requests, ProxyCluster? cluster = null) : IProxyState
{
    public BackendSummary Backend => model.Backend;

    public IReadOnlyList<ServedSummary> Models =>
        warmUp.Models.Count > 1 ? [.. warmUp.Models.Select(one => new ModelState(one.Model).Summary(one.Statuses))] : [];

    public QueueSummary Queue => model.Queue;

    public long BodyBytes => requests.Memory.Used;

    public IReadOnlyList<SlotSummary> Slots => model.Slots(warmUps.All);

    public IReadOnlyList<SnapshotSummary> Snapshots => model.Snapshots;

    public IReadOnlyList<string> Quarantined => model.Quarantined;

    public IReadOnlyList<RestoreSummary> Restores => model.Restores;

    public string? RestoreDisabledReason => model.RestoreDisabledReason;

    public IReadOnlyList<WarmUpStatus> WarmUps => warmUps.All;

    public IReadOnlyList<PreambleSummary> Preambles => model.Preambles(warmUps);

    public IReadOnlyList<TemplateStatus> Templates => templates.Statuses;

    public IReadOnlyList<PluginStatus> Plugins => plugins.Statuses;

    public IReadOnlyList<string> ClusterProblems => cluster?.Problems ?? [];

    public bool IsOpen => addresses.IsOpen;

    public IReadOnlyList<string> Addresses => addresses.Proxy is { } proxy ? [proxy.ToString()] : [];
}
