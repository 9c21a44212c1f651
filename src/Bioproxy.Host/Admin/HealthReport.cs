using Bioproxy.Host.Backends;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>Whether requests can be served, and what stands in the way of more.</summary>
/// <param name="Backend">The backend it was made from.</param>
/// <param name="Templates">Every template's state.</param>
/// <param name="Problems">What is wrong, one sentence each.</param>
internal sealed record HealthReport(BackendState Backend, IReadOnlyList<WarmUpStatus> Templates, IReadOnlyList<string> Problems)
{
    public bool IsServing => Serves(Backend);

    public HealthStatus Status => !IsServing ? HealthStatus.Down : Problems.Count > 0 ? HealthStatus.Degraded : HealthStatus.Ok;

    public static HealthReport Of(BackendState backend, string? restoresDisabled, IReadOnlyList<TemplateStatus> files, IReadOnlyList<WarmUpStatus> templates, IReadOnlyList<PluginStatus> plugins)
    {
        var problems = new List<string>();
        if (!Serves(backend))
            problems.Add(NotReady(backend));
        else if (backend.Status == BackendStatus.Ready && (backend.Problem ?? backend.Facts?.Missing) is { } missing)
            problems.Add(missing);
        if (restoresDisabled is not null)
            problems.Add($"Restoring is switched off until the model changes: {restoresDisabled}.");

        problems.AddRange(files.Where(file => file.Problem is not null).Select(file => $"Template {file.Prefix}{(file.Stale ? " (an older version stays in use)" : "")}: {file.Problem}"));

        // A template that cannot be cached, or waits for its turn, is no fault: its own entry says so.
        var unreadable = files.Where(file => file.Problem is not null).Select(file => file.Prefix).ToHashSet(StringComparer.Ordinal);
        problems.AddRange(templates.Where(template => template.State == WarmUpState.Failed && !unreadable.Contains(template.Prefix)).Select(template => $"Template {template.Prefix}: {template.Problem ?? "its warm-up failed"}"));
        problems.AddRange(plugins.Where(plugin => plugin.State != PluginState.Active).Select(plugin => $"Plugin {plugin.Name}: {plugin.Problem ?? AdminJson.Name(plugin.State)}"));
        return new HealthReport(backend, templates, problems);
    }

    /// <summary>A server that sleeps wakes with the next request.</summary>
    public static bool Serves(BackendState backend) => backend.Status is BackendStatus.Ready or BackendStatus.Sleeping;

    private static string NotReady(BackendState backend)
    {
        var what = backend.Status switch
        {
            BackendStatus.Loading => "The backend is loading its model",
            BackendStatus.Unreachable => "The backend is not reachable",
            _ => "It is not known yet whether the backend is ready",
        };
        return backend.Problem is { Length: > 0 } problem ? $"{what}: {problem}" : $"{what}.";
    }
}
