using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary><c>bioproxy kv …</c>: asks the running proxy; works on the files itself when none is running.</summary>
internal static class KvCommand
{
    public static async Task<int> RunAsync(ConfigurationInput input, KvRequest request, CancellationToken cancellationToken)
    {
        if (Commands.Load(input) is not { } options)
            return Commands.Misconfigured;
        try
        {
            var answer = await AskRunningAsync(options, request, cancellationToken) ?? await WorkAloneAsync(options, request);
            return await PrintAsync(answer, request);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or HttpRequestException or OperationCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"bioproxy kv failed: {e.Message}");
            return Commands.Failed;
        }
    }

    private static async Task<int> PrintAsync(ReadOnlyMemory<byte> answer, KvRequest request)
    {
        using var document = answer.IsEmpty ? null : JsonDocument.Parse(answer);
        var isDropOfOne = request is { Action: "drop", File: not null };
        if (document is not { RootElement: var root } || (isDropOfOne && root.GetProperty("removed").GetArrayLength() == 0))
        {
            await Console.Error.WriteLineAsync($"There is no snapshot {request.File}. bioproxy kv list shows all of them.");
            return Commands.Failed;
        }

        Terminal.Standard.Write(request.Action switch
        {
            "list" => KvTable.List(root, TimeProvider.System.GetUtcNow()),
            "show" => KvTable.Show(root),
            _ => KvTable.Removed(root),
        });
        return 0;
    }

    private static Task<ReadOnlyMemory<byte>?> AskRunningAsync(ProxyOptions options, KvRequest request, CancellationToken cancellationToken)
    {
        var (method, path) = request.Action switch
        {
            "list" => (HttpMethod.Get, "/kv"),
            "show" => (HttpMethod.Get, "/kv/" + Uri.EscapeDataString(request.File!)),
            "drop" when request.File is { } file => (HttpMethod.Post, "/kv/drop?file=" + Uri.EscapeDataString(file)),
            "drop" => (HttpMethod.Post, "/kv/drop?domain=" + Uri.EscapeDataString(request.Domain ?? "")),
            _ => (HttpMethod.Post, request.IsDryRun ? "/kv/gc?dry_run=true" : "/kv/gc"),
        };
        return RunningProxy.AskAsync(options, method, path, cancellationToken);
    }

    private static async Task<ReadOnlyMemory<byte>> WorkAloneAsync(ProxyOptions options, KvRequest request)
    {
        var folder = new StateFolder(options);
        using var mine = folder.Lock();
        var store = new SnapshotStore(folder, options, TimeProvider.System, NullLogger<SnapshotStore>.Instance);
        if (options.Cluster is not null)
            store.Share(new NoListener(), static () => null); // what is removed now is told when the proxy starts
        store.Load();
        using var backends = new BackendDirectory(
            BackendsServices.MakeConfigured(options, TimeProvider.System, NullLogger<BackendMonitor>.Instance));
        foreach (var backend in backends.All)
        {
            if (backend.Driver.Slots is { } slots)
                store.Use(store.Places.Of(backend.Options), new SlotFileShrinker(slots, null)); // as long as this process
        }

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

    private sealed class NoListener : ISnapshotListener
    {
        public void Used(Snapshot snapshot, DateTimeOffset at)
        {
            // nobody is there
        }

        public void Removed(string file, DateTimeOffset at)
        {
            // it is written down
        }
    }
}
