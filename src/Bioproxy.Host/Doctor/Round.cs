using System.Runtime.CompilerServices;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host.Doctor;

/// <summary>
/// Examines backends one after the other, each with the models that its server has loaded. Starts and loads nothing, except what was named.
/// </summary>
/// <param name="options">The configuration.</param>
/// <param name="choice">What was named.</param>
/// <param name="isProxyRunning">A proxy is running, which starts the models of the pool itself.</param>
/// <param name="time">The clock.</param>
internal sealed class Round(ProxyOptions options, BackendChoice choice, bool isProxyRunning, TimeProvider time)
{
    /// <summary>Whether the model that was named has been found.</summary>
    public bool HasFoundModel { get; private set; } = choice.Model is null;

    /// <summary>The reports, each as soon as it is there.</summary>
    public async IAsyncEnumerable<ExaminedBackend> RunAsync(
        IReadOnlyList<BackendOptions> servers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var server in servers)
        {
            var examined = server.IsPooled ? PooledAsync(server, cancellationToken) : ServerAsync(server, cancellationToken);
            await foreach (var one in examined.ConfigureAwait(false))
                yield return one;
        }
    }

    private async IAsyncEnumerable<ExaminedBackend> ServerAsync(
        BackendOptions server, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var backend = Make(server);
        using var models = new Owned(backend.Server);
        var state = await backend.Monitor.CheckAsync(cancellationToken).ConfigureAwait(false);
        if (state is not { Status: BackendStatus.Ready, Facts: { IsRouter: true, IsSelfManaged: false } facts }
            || backend.Server is not { } host)
        {
            if (choice.Model is null)
                yield return await ExamineAsync(server.Name, backend, state, cancellationToken).ConfigureAwait(false);
            yield break;
        }

        var loaded = new List<Backend>();
        foreach (var model in host.Backends.Where(model => choice.Model is null || IsNamed(model)))
        {
            var now = await model.Monitor.CheckAsync(cancellationToken).ConfigureAwait(false);
            if (choice.Model is not null || now.Status == BackendStatus.Ready)
                loaded.Add(model);
        }

        if (choice.Model is null)
            yield return new ExaminedBackend(server.Name, server.Url, ReportOn(server, host, facts, loaded));
        foreach (var model in loaded)
        {
            HasFoundModel = true;
            yield return await ExamineModelAsync($"{server.Name}/{model.Model}", model, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A model that is not loaded is loaded; the right to use it keeps it loaded meanwhile.</summary>
    private async Task<ExaminedBackend> ExamineModelAsync(string name, Backend model, CancellationToken cancellationToken)
    {
        var (pass, _) = await model.Loader!.EnterAsync(cancellationToken).ConfigureAwait(false);
        using var use = pass;
        if (model.Monitor.State.Status != BackendStatus.Ready)
            await model.Monitor.WakeAsync(cancellationToken).ConfigureAwait(false);
        return await ExamineAsync(name, model, model.Monitor.State, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One that runs is examined as it is; another one is started where it is the one that was named.</summary>
    private async IAsyncEnumerable<ExaminedBackend> PooledAsync(
        BackendOptions server, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (choice.Model is not null)
            yield break;
        using var backend = Make(server);
        var state = await backend.Monitor.CheckAsync(cancellationToken).ConfigureAwait(false);
        if (state.Status != BackendStatus.Unreachable)
        {
            yield return await ExamineAsync(server.Name, backend, state, cancellationToken).ConfigureAwait(false);
        }
        else if (choice.Name is null)
        {
            const string Text = "not running, not examined";
            yield return Of(server, Verdict.Info, $"{Text}: bioproxy doctor --backend {server.Name} starts and examines it");
        }
        else if (isProxyRunning)
        {
            yield return Of(
                server, Verdict.Bad, "not running; the proxy that is running starts it for a request: send one, and run the doctor again");
        }
        else
        {
            await using var started = new StartedModel(options, time);
            if (await started.StartAsync(server.Name, cancellationToken).ConfigureAwait(false) is { } problem)
            {
                yield return Of(server, Verdict.Bad, problem);
                yield break;
            }

            state = await backend.Monitor.CheckAsync(cancellationToken).ConfigureAwait(false);
            yield return await ExamineAsync(server.Name, backend, state, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ExaminedBackend> ExamineAsync(
        string name, Backend backend, BackendState state, CancellationToken cancellationToken)
    {
        var found = backend.Driver.Slots is { } slots
            ? await new Examination(slots, backend.Monitor, backend.Options, time).RunAsync(cancellationToken).ConfigureAwait(false)
            : new Measurements { Server = backend.Options, Backend = state };
        return new ExaminedBackend(name, backend.Options.Url, Diagnosis.Of(found with { KvEnabled = options.KvEnabled }));
    }

    private static Report ReportOn(BackendOptions server, ModelHost host, BackendFacts facts, IReadOnlyList<Backend> loaded)
    {
        var left = host.Backends.Except(loaded).Select(model => model.Model).ToList();
        var build = facts.Build is null ? "" : $" {facts.Build}";
        List<Finding> findings =
        [
            new(Verdict.Ok, "backend", $"{host.Server.Kind}{build} with {Figures.Number(host.Backends.Count, "model")}"),
        ];
        if (left.Count > 0)
        {
            findings.Add(new(
                Verdict.Info,
                "not loaded",
                $"{string.Join(", ", left)}: not examined; bioproxy doctor --backend {server.Name} --model NAME loads and examines one"));
        }

        return new Report(findings, []) { IsMeasured = false };
    }

    private static ExaminedBackend Of(BackendOptions server, Verdict verdict, string text) =>
        new(server.Name, server.Url, new Report([new Finding(verdict, "backend", text)], []) { IsMeasured = false });

    private bool IsNamed(Backend model) =>
        model.Model == choice.Model || model.Aliases.Contains(choice.Model!, StringComparer.Ordinal);

    private Backend Make(BackendOptions server) =>
        BackendsServices.Make(server, options, time, NullLogger<BackendMonitor>.Instance);

    /// <summary>The backends of a server's models, which nobody else owns here.</summary>
    private sealed class Owned(ModelHost? host) : IDisposable
    {
        public void Dispose()
        {
            foreach (var model in host?.Backends ?? [])
                model.Dispose();
        }
    }
}
