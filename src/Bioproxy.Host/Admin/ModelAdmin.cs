using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;

namespace Bioproxy.Host.Admin;

/// <summary>Operations on models: what their servers wrote, loading and unloading.</summary>
internal sealed class ModelAdmin(ModelDirectory models, TimeProvider time)
{
    /// <summary>The last lines that the model's server wrote; null when they are not known.</summary>
    public string? Log(string name) =>
        Find(name)?.Backend.Loader?.Log is { } lines ? string.Concat(lines.Select(static line => line + "\n")) : null;

    /// <summary>Why there is no log.</summary>
    public string NoLog(string name) =>
        $"There is no log of '{name}': the proxy has those of the models that it starts itself (pool)."
        + Known(static model => model.Backend.Loader?.Log is not null);

    /// <summary>Loads a model, as a request would, and waits until it is loaded or cannot be.</summary>
    public async Task<AdminAnswer> LoadAsync(string name, CancellationToken cancellationToken)
    {
        if (Find(name) is not { } model)
            return Unknown(name);
        if (model.Backend.Loader is not { CanUnload: true } loader)
            return CannotManage(name, model);
        var begun = time.GetTimestamp();
        var (pass, failure) = await model.EnterLoadedAsync(cancellationToken).ConfigureAwait(false);
        using (pass)
        {
            var state = model.Backend.Monitor.State;
            var problem = failure?.Message
                ?? (state.Status == BackendStatus.Ready ? null : $"Model {name} was not loaded: {state.Problem ?? "no reason is known"}.");
            return problem is null ? Report(name, loader.State, time.GetElapsedTime(begun))
                : new AdminAnswer(503, AdminJson.Error("model_not_loaded", problem, isServers: true));
        }
    }

    /// <summary>Unloads a model as soon as it has no requests.</summary>
    /// <param name="name">The model.</param>
    /// <param name="waits">Answer when it is unloaded, not at once.</param>
    /// <param name="cancellationToken">The caller gives up: a model that is still busy stays.</param>
    public async Task<AdminAnswer> UnloadAsync(string name, bool waits, CancellationToken cancellationToken)
    {
        if (Find(name) is not { } model)
            return Unknown(name);
        if (model.Backend.Loader is not { CanUnload: true } loader)
            return CannotManage(name, model);
        var begun = time.GetTimestamp();
        if (!waits)
        {
            _ = loader.UnloadAsync(CancellationToken.None);
            return Report(name, loader.State, time.GetElapsedTime(begun));
        }

        await loader.UnloadAsync(cancellationToken).ConfigureAwait(false);
        return Report(name, "unloaded", time.GetElapsedTime(begun)); // a router's list may show it for another moment
    }

    /// <summary>By the name that clients use, or with the backend's before it.</summary>
    private ServedModel? Find(string name)
    {
        var all = models.All.Where(static model => !model.IsServer).ToList();
        return all.Find(model => model.Name == name)
            ?? all.Find(model => model.Backend.Name == name && model.Backend.Host is null)
            ?? all.Find(model => $"{model.Backend.Name}/{model.Backend.Model}" == name || model.Backend.Aliases.Contains(name));
    }

    private string Known(Func<ServedModel, bool> isMeant)
    {
        var names = models.All.Where(model => !model.IsServer && isMeant(model)).Select(static model => model.Name).ToList();
        return names.Count == 0 ? " There are none." : $" There are: {string.Join(", ", names)}.";
    }

    private AdminAnswer Unknown(string name) =>
        new(404, AdminJson.Error("model_not_found", $"There is no model '{name}'." + Known(static _ => true)));

    private static AdminAnswer CannotManage(string name, ServedModel model) => new(400, AdminJson.Error(
        "not_supported",
        model.Backend.Loader is null
            ? $"Model '{name}' is loaded as long as its server runs. The proxy can load and unload the models of the pool and those of "
                + "llama-server's router mode."
            : $"Its server loads and unloads model '{name}' itself: send it a request, or use the server's own calls "
                + "(llama-swap: POST /api/models/unload/NAME)."));

    private static AdminAnswer Report(string name, string state, TimeSpan took) => new(200, AdminJson.Document(writer =>
    {
        writer.WriteString("model", name);
        writer.WriteString("state", state);
        writer.WriteSeconds("seconds", took);
    }));
}
