using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Admin;

/// <summary>A backend at one moment.</summary>
/// <param name="Url">Its configured address.</param>
/// <param name="Status">How it answers.</param>
/// <param name="Problem">Why it is not ready; null when there is nothing to say.</param>
/// <param name="Model">What it reported about itself; null unless it is ready.</param>
internal sealed record BackendSummary(Uri Url, BackendStatus Status, string? Problem, ModelSummary? Model)
{
    /// <summary>Counts the model instances: it grows whenever the server process may be a different one.</summary>
    public int Instance { get; init; }

    /// <summary>The proxy of the cluster that schedules it; null where this proxy is alone, or does not know.</summary>
    public string? Owner { get; init; }

    /// <summary>What snapshots of the loaded model are valid for; null until the model was recognised.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>When the model was recognised.</summary>
    public DateTimeOffset? FingerprintSince { get; init; }

    /// <summary>Whether requests can be served: the next one wakes a sleeping server, and loads a model that is not loaded.</summary>
    public bool IsServing => Status is BackendStatus.Ready or BackendStatus.Sleeping or BackendStatus.Unloaded;
}
