using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Models.Snapshots;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary>What the command line starts. Exit codes: 0 well, 1 something outside failed, 2 the configuration has mistakes and nothing was started.</summary>
internal static class Commands
{
    private const int Failed = 1;
    private const int Misconfigured = 2;

    public static async Task<int> RunAsync(ConfigurationInput input, CancellationToken cancellationToken)
    {
        if (Load(input) is not { } options)
            return Misconfigured;
        await using var app = new BioproxyApp(options);
        if (ReportTemplates(app))
            return Misconfigured;
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (StateInUseException e)
        {
            await Console.Error.WriteLineAsync($"bioproxy cannot start: {e.Message}");
            return Failed;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"bioproxy cannot start: {e.Message} (proxy_host, proxy_port, admin_host, admin_port, state_directory)");
            return Failed;
        }

        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    public static async Task<int> CheckAsync(ConfigurationInput input, CancellationToken cancellationToken)
    {
        if (Load(input) is not { } options)
            return Misconfigured;
        await using var app = new BioproxyApp(options, logging: log => log.SetMinimumLevel(LogLevel.None));
        Say("ok", "configuration", options.ConfigFile ?? "no file; defaults");
        Say("ok", "state", options.KvEnabled ? options.StateDirectory : "kv.enabled is false: nothing is kept");
        var problems = app.LoadTemplates();
        foreach (var template in app.Templates)
            Say(template.Problem is null ? "ok" : "FAILED", $"template {template.Prefix}", template.Problem ?? template.Path);
        if (app.Templates.Count == 0)
            Say("note", "templates", "none configured (prefixes)");
        var isAllWell = true;
        foreach (var plugin in app.Plugins)
        {
            var isActive = plugin.State == PluginState.Active;
            isAllWell &= isActive;
            Say(isActive ? "ok" : "FAILED", $"plugin {plugin.Name}", isActive ? string.Join(", ", plugin.Exports) : plugin.Problem!);
            foreach (var note in isActive && plugin.Problem is { } problem ? [problem, .. plugin.Notes] : plugin.Notes)
                Say("note", $"plugin {plugin.Name}", note);
        }

        app.Backend.Changed = null; // only look: no probe, no warm-up
        var state = await app.Backend.CheckAsync(cancellationToken);
        var isReady = state.Status is BackendStatus.Ready or BackendStatus.Sleeping;
        Say(isReady ? "ok" : "FAILED", "backend", $"{options.BackendUrl} {Describe(state)}");
        if (isReady && (state.Problem ?? state.Facts?.Missing) is { } missing)
            Say("note", "backend", missing);
        return problems.Count > 0 ? Misconfigured : isAllWell && isReady ? 0 : Failed;
    }

    /// <summary>Exit codes besides those above: 3, it works but a change would bring something.</summary>
    public static async Task<int> DoctorAsync(ConfigurationInput input, CancellationToken cancellationToken)
    {
        if (Load(input) is not { } options)
            return Misconfigured;
        await Console.Out.WriteLineAsync($"Bioproxy tries what {options.BackendUrl} can do. That takes slots of the live server for some seconds, or minutes if its model is slow; a running proxy will notice.\n");
        using var client = new LlamaClient(options.BackendUrl, options.ConnectTimeout, options.BackendApiKey);
        using var monitor = new BackendMonitor(client, options, TimeProvider.System, NullLogger<BackendMonitor>.Instance);
        var report = Diagnosis.Of(await new Examination(client, monitor, options, TimeProvider.System).RunAsync(cancellationToken));
        report.WriteTo(Console.Out);
        return report.ExitCode;
    }

    /// <summary>Asks the proxy that runs; where none does, works on the files itself.</summary>
    public static async Task<int> KvAsync(ConfigurationInput input, KvRequest request, CancellationToken cancellationToken)
    {
        if (Load(input) is not { } options)
            return Misconfigured;
        try
        {
            var answer = await AskRunningAsync(options, request, cancellationToken) ?? await WorkAloneAsync(options, request);
            using var document = answer.IsEmpty ? null : JsonDocument.Parse(answer);
            if (document is not { RootElement: var root } || (request is { Action: "drop", File: not null } && root.GetProperty("removed").GetArrayLength() == 0))
            {
                await Console.Error.WriteLineAsync($"There is no snapshot {request.File}; bioproxy kv list shows all.");
                return Failed;
            }

            Console.Out.Write(request.Action switch { "list" => KvTable.List(root, TimeProvider.System.GetUtcNow()), "show" => KvTable.Show(root), _ => KvTable.Gone(root) });
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"bioproxy kv failed: {e.Message}");
            return Failed;
        }
    }

    /// <summary>Reads the configuration, and reports all mistakes in it.</summary>
    /// <returns>Null when it has any: the exit code is 2.</returns>
    public static ProxyOptions? Load(ConfigurationInput input)
    {
        var result = ConfigurationLoader.Load(input);
        if (result.IsValid)
            return result.Options;
        Console.Error.WriteLine(result.Errors.Count == 1 ? "The configuration has a mistake; nothing was started." : $"The configuration has {result.Errors.Count} mistakes; nothing was started.");
        foreach (var error in result.Errors)
            Console.Error.WriteLine($"  {error}");
        return null;
    }

    private static Task<ReadOnlyMemory<byte>?> AskRunningAsync(ProxyOptions options, KvRequest request, CancellationToken cancellationToken)
    {
        var (method, path) = request.Action switch
        {
            "list" => (HttpMethod.Get, "/kv"),
            "show" => (HttpMethod.Get, "/kv/" + Uri.EscapeDataString(request.File!)),
            "drop" => (HttpMethod.Post, $"/kv/drop?file={Uri.EscapeDataString(request.File ?? "")}&domain={Uri.EscapeDataString(request.Domain ?? "")}"),
            _ => (HttpMethod.Post, request.IsDryRun ? "/kv/gc?dry_run=true" : "/kv/gc"),
        };
        return RunningProxy.AskAsync(options, method, path, cancellationToken);
    }

    private static async Task<ReadOnlyMemory<byte>> WorkAloneAsync(ProxyOptions options, KvRequest request)
    {
        var folder = new StateFolder(options);
        using var mine = folder.Lock();
        var store = new SnapshotStore(folder, options, TimeProvider.System, NullLogger<SnapshotStore>.Instance);
        store.Load();
        using var client = new LlamaClient(options.BackendUrl, options.ConnectTimeout, options.BackendApiKey);
        using var shrinking = store.Use(new SlotFileShrinker(client, null));
        var kv = new KvAdmin(store);
        var answer = request.Action switch
        {
            "list" => kv.List(),
            "show" => kv.Show(request.File!) ?? default,
            "drop" => kv.Drop(request.File, request.Domain),
            _ => kv.CleanUp(request.IsDryRun),
        };
        await store.WhenDiscarded();
        return answer;
    }

    private static string Describe(BackendState state) => state switch
    {
        { Status: BackendStatus.Ready, Facts: { IsLlamaServer: true } facts } => $"is llama-server {facts.Build}, model {facts.ModelAlias ?? facts.ModelPath}, {facts.TotalSlots} slots of {facts.ContextPerSlot} tokens",
        { Status: BackendStatus.Ready } => "answers",
        { Status: BackendStatus.Sleeping } => "sleeps until a request comes",
        { Status: BackendStatus.Loading } => "is loading its model; try again",
        _ => $"is not reachable: {state.Problem}. Start llama-server, or set backend_url",
    };

    private static bool ReportTemplates(BioproxyApp app)
    {
        var problems = app.LoadTemplates();
        if (problems.Count == 0)
            return false;
        Console.Error.WriteLine("Templates cannot be used; nothing was started.");
        foreach (var problem in problems)
            Console.Error.WriteLine($"  {problem}");
        return true;
    }

    private static void Say(string verdict, string what, string text) => Console.Out.WriteLine($"{verdict,-7} {what,-34} {text}");
}
