using Bioproxy.Host.Backends;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;
using Bioproxy.Host.Plugins;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary><c>bioproxy check</c>: configuration, templates, plugins, whether the backends answer, and whether the pool could start its
/// models. Starts nothing.</summary>
internal static class CheckCommand
{
    private const string Ok = "ok";
    private const string Note = "note";
    private const string Failed = "FAILED";

    public static async Task<int> RunAsync(ConfigurationInput input, BackendChoice choice, CancellationToken cancellationToken) =>
        Commands.Load(input) is { } options
            ? await RunAsync(options, choice, Terminal.Standard, cancellationToken)
            : Commands.Misconfigured;

    /// <param name="options">The configuration.</param>
    /// <param name="choice">The backends that are asked.</param>
    /// <param name="terminal">The output.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<int> RunAsync(
        ProxyOptions options, BackendChoice choice, Terminal terminal, CancellationToken cancellationToken)
    {
        var (chosen, problem) = choice.In(options);
        if (problem is not null)
        {
            await Console.Error.WriteLineAsync(problem);
            return CommandLineParser.WrongUsage;
        }

        await using var app = new BioproxyApp(options, logging: log => log.SetMinimumLevel(LogLevel.None));
        var hasTemplateProblems = (await app.LoadTemplatesAsync(cancellationToken)).Count > 0;
        using var backends = new BackendDirectory(chosen.Select(
            backend => BackendsServices.Make(backend, options, TimeProvider.System, NullLogger<BackendMonitor>.Instance)));
        var configured = backends.All;
        var states = await Task.WhenAll(configured.Select(backend => backend.Monitor.CheckAsync(cancellationToken)));
        List<(string Verdict, string What, string Text)> findings =
        [
            (Ok, "configuration", options.ConfigFile ?? "no file; defaults"),
            (Ok, "state", options.KvEnabled ? options.StateDirectory : "kv.enabled is false: no KV cache is saved"),
            .. Templates(app),
            .. app.Plugins.SelectMany(Plugin),
            .. configured.Zip(states).SelectMany(pair => pair.First.Options.IsPooled
                ? Pooled(options, pair.First, pair.Second)
                : Backend(pair.First, pair.Second)),
        ];
        terminal.Write(FindingsTable.Of(findings));
        return hasTemplateProblems ? Commands.Misconfigured : findings.Exists(finding => finding.Verdict == Failed) ? Commands.Failed : 0;
    }

    private static IEnumerable<(string Verdict, string What, string Text)> Pooled(
        ProxyOptions options, Backend server, BackendState state) =>
        new PoolCheck(options).Of(server.Name, isRunning: state.Facts is { IsLlamaServer: true } || state.Status == BackendStatus.Loading)
            .Select(finding => (
                finding.Verdict switch { Verdict.Ok => Ok, Verdict.Bad => Failed, _ => Note }, finding.What, finding.Text));

    private static IEnumerable<(string Verdict, string What, string Text)> Templates(BioproxyApp app) => app.Templates.Count == 0
        ? [(Note, "templates", "none configured (prefixes)")]
        : app.Templates.Select(t => (t.Problem is null ? Ok : Failed, $"template {t.Trigger}", t.Problem ?? t.Path));

    private static IEnumerable<(string Verdict, string What, string Text)> Plugin(PluginStatus plugin)
    {
        var what = $"plugin {plugin.Name}";
        var isActive = plugin.State == PluginState.Active;
        yield return isActive ? (Ok, what, string.Join(", ", plugin.Exports)) : (Failed, what, plugin.Problem!);
        if (isActive && plugin.Problem is { } problem)
            yield return (Note, what, problem);
        foreach (var note in plugin.Notes)
            yield return (Note, what, note);
    }

    private static IEnumerable<(string Verdict, string What, string Text)> Backend(Backend server, BackendState state)
    {
        var backend = server.Options;
        var isServing = state.Status is BackendStatus.Ready or BackendStatus.Sleeping;
        var what = backend.Name == BackendOptions.DefaultName ? "backend" : $"backend {backend.Name}";
        yield return (isServing ? Ok : Failed, what, $"{backend.Url} {Describe(state, server)}");
        if (isServing && (state.Problem ?? state.Facts?.Missing) is { } missing)
            yield return (Note, what, missing);
    }

    private static string Describe(BackendState state, Backend backend) => state switch
    {
        { Status: BackendStatus.Ready, Facts: { IsRouter: true } facts } when backend.Server is { } server =>
            $"is {string.Join(' ', new[] { server.Server.Kind, facts.Build }.OfType<string>())}, "
            + (server.Backends.Count == 0 ? "without models" : $"models {string.Join(", ", server.Backends.Select(DescribeModel))}"),
        { Status: BackendStatus.Ready, Facts: { IsLlamaServer: true } facts } =>
            $"is llama-server {facts.Build}, model {facts.ModelAlias ?? facts.ModelPath}, "
            + $"{facts.TotalSlots} slots of {facts.ContextPerSlot} tokens",
        { Status: BackendStatus.Ready } => "answers",
        { Status: BackendStatus.Sleeping } => "is asleep until the next request",
        { Status: BackendStatus.Loading } => "is loading its model; try again later",
        _ => $"is not reachable: {state.Problem}. Start the server, or set {backend.Options.UrlKey}",
    };

    private static string DescribeModel(Backend model) =>
        model.Host is { Server.IsSelfManaged: false } host && host.Gate.StateOf(model.Model!) == SwapState.Here
            ? $"{model.Model} (loaded)"
            : model.Model!;
}
