using Bioproxy.Host.Backends;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>Whether requests can be served, and everything that works less well than it could.</summary>
/// <param name="Backend">The first backend.</param>
/// <param name="IsServing">Whether requests can be served: of several backends one is enough.</param>
/// <param name="WarmUps">The warm-up of every template.</param>
/// <param name="Problems">One sentence each.</param>
internal sealed record HealthReport(
    BackendSummary Backend, bool IsServing, IReadOnlyList<WarmUpStatus> WarmUps, IReadOnlyList<string> Problems)
{
    public HealthStatus Status => !IsServing ? HealthStatus.Down : Problems.Count > 0 ? HealthStatus.Degraded : HealthStatus.Ok;

    public static HealthReport Of(IProxyState state)
    {
        var backend = state.Backend;
        var warmUps = state.WarmUps;
        var problems = new List<string>();
        if (state.Models is { Count: > 0 } models)
        {
            problems.AddRange(
                models.Where(model => !model.Backend.IsServing).Select(model => $"{model.BackendName}: {NotReady(model.Backend)}"));
        }
        else if (!backend.IsServing)
            problems.Add(NotReady(backend));
        else if (backend.Status == BackendStatus.Ready && (backend.Problem ?? backend.Model?.Missing) is { } missing)
            problems.Add(missing);
        if (state.RestoreDisabledReason is { } reason)
            problems.Add($"Snapshot restore is disabled until the model changes: {reason}.");
        problems.AddRange(state.ClusterProblems);
        AddTemplates(problems, state.Templates, warmUps);
        problems.AddRange(state.Plugins
            .Where(plugin => plugin.State != PluginState.Active)
            .Select(plugin => $"Plugin {plugin.Name}: {plugin.Problem ?? AdminJson.Name(plugin.State)}"));
        return new HealthReport(backend, backend.IsServing || state.Models.Any(model => model.Backend.IsServing), warmUps, problems);
    }

    /// <summary>A template that cannot be cached, or that is waiting, is not a problem: the status page shows it.</summary>
    private static void AddTemplates(
        List<string> problems, IReadOnlyList<TemplateStatus> files, IReadOnlyList<WarmUpStatus> warmUps)
    {
        var broken = files.Where(file => file.Problem is not null).ToList();
        problems.AddRange(broken.Select(file =>
            $"Template {file.Trigger}{(file.Stale ? " (an older version is in use)" : "")}: {file.Problem}"));
        problems.AddRange(warmUps
            .Where(warmUp => warmUp.State == WarmUpState.Failed && broken.TrueForAll(file => file.Trigger != warmUp.Trigger))
            .Select(warmUp => $"Template {warmUp.Trigger}: {warmUp.Problem ?? "its warm-up failed"}"));
    }

    private static string NotReady(BackendSummary backend)
    {
        var what = backend.Status switch
        {
            BackendStatus.Loading => "The backend is loading its model",
            BackendStatus.Unreachable => "The backend is not reachable",
            _ => "The state of the backend is not known yet",
        };
        return backend.Problem is { Length: > 0 } problem ? $"{what}: {problem}" : $"{what}.";
    }
}
