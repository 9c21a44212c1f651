using Bioproxy.Host.Backends;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary><c>bioproxy check</c>: configuration, templates, plugins, and whether the backend answers. Starts nothing.</summary>
internal static class CheckCommand
{
    private const string Ok = "ok";
    private const string Note = "note";
    private const string Failed = "FAILED";

    public static async Task<int> RunAsync(ConfigurationInput input, CancellationToken cancellationToken)
    {
        if (Commands.Load(input) is not { } options)
            return Commands.Misconfigured;
        await using var app = new BioproxyApp(options, logging: log => log.SetMinimumLevel(LogLevel.None));
        var hasTemplateProblems = (await app.LoadTemplatesAsync(cancellationToken)).Count > 0;
        using var backends = new BackendDirectory(
            BackendsServices.MakeConfigured(options, TimeProvider.System, NullLogger<BackendMonitor>.Instance));
        var states = await Task.WhenAll(backends.All.Select(backend => backend.Monitor.CheckAsync(cancellationToken)));
        List<(string Verdict, string What, string Text)> findings =
        [
            (Ok, "configuration", options.ConfigFile ?? "no file; defaults"),
            (Ok, "state", options.KvEnabled ? options.StateDirectory : "kv.enabled is false: no KV cache is saved"),
            .. Templates(app),
            .. app.Plugins.SelectMany(Plugin),
            .. backends.All.Zip(states).SelectMany(pair => Backend(pair.First, pair.Second)),
        ];
        Terminal.Standard.Write(FindingsTable.Of(findings));
        return hasTemplateProblems ? Commands.Misconfigured : findings.Exists(finding => finding.Verdict == Failed) ? Commands.Failed : 0;
    }

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
        { Status: BackendStatus.Ready, Facts: { IsRouter: true } facts } =>
            $"is a {backend.Server?.Server.Kind ?? "router"} {facts.Build}, models "
            + string.Join(", ", backend.Server?.Backends.Select(model => model.Model) ?? []),
        { Status: BackendStatus.Ready, Facts: { IsLlamaServer: true } facts } =>
            $"is llama-server {facts.Build}, model {facts.ModelAlias ?? facts.ModelPath}, "
            + $"{facts.TotalSlots} slots of {facts.ContextPerSlot} tokens",
        { Status: BackendStatus.Ready } => "answers",
        { Status: BackendStatus.Sleeping } => "is asleep until the next request",
        { Status: BackendStatus.Loading } => "is loading its model; try again later",
        _ => $"is not reachable: {state.Problem}. Start llama-server, or set {backend.Options.UrlKey}",
    };
}
