using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>The state of the running proxy as the admin pages show it; every property reads the present values.</summary>
internal interface IProxyState
{
    BackendSummary Backend { get; }

    QueueSummary Queue { get; }

    /// <summary>Bytes of memory that the bodies of requests take.</summary>
    long BodyBytes { get; }

    /// <summary>Every served model, where there are several; the members beside this one are those of the first.</summary>
    IReadOnlyList<ServedSummary> Models { get; }

    /// <summary>Empty while the backend does not show its slots.</summary>
    IReadOnlyList<SlotSummary> Slots { get; }

    IReadOnlyList<SnapshotSummary> Snapshots { get; }

    /// <summary>Snapshots that were set aside, each with the reason.</summary>
    IReadOnlyList<string> Quarantined { get; }

    /// <summary>The last restores, the oldest first.</summary>
    IReadOnlyList<RestoreSummary> Restores { get; }

    /// <summary>Why snapshots of this model are not restored; null while they are.</summary>
    string? RestoreDisabledReason { get; }

    /// <summary>The warm-up of every template.</summary>
    IReadOnlyList<WarmUpStatus> WarmUps { get; }

    /// <summary>What conversations begin with, the most used first.</summary>
    IReadOnlyList<PreambleSummary> Preambles { get; }

    /// <summary>The file of every template.</summary>
    IReadOnlyList<TemplateStatus> Templates { get; }

    IReadOnlyList<PluginStatus> Plugins { get; }

    /// <summary>What works less well than it could between the proxies of a cluster, one sentence each.</summary>
    IReadOnlyList<string> ClusterProblems { get; }

    /// <summary>Balancers should send clients here: it has met its cluster, if it is in one, and does not stop soon.</summary>
    bool IsOpen { get; }

    /// <summary>Where clients connect.</summary>
    IReadOnlyList<string> Addresses { get; }
}
