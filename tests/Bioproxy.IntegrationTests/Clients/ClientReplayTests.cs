using Bioproxy.Doubles;
using Bioproxy.IntegrationTests.Cluster;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>
/// Sessions of client programs (<see cref="Recordings"/>) through the proxy and to the same server alone, over restarts.
/// </summary>
public sealed class ClientReplayTests(ITestOutputHelper output)
{
    /// <summary>Part of the tokens that could be reused.</summary>
    private const double LeastReuse = 0.95;

    public static TheoryData<string, string> Replays()
    {
        var data = new TheoryData<string, string>();
        if (Recordings.AreFew)
        {
            data.Add(InventedSessions.Chat, nameof(TinyArchitecture.Llama));
            data.Add(InventedSessions.Messages, nameof(TinyArchitecture.Gemma3));
            data.Add(InventedSessions.Responses, nameof(TinyArchitecture.Llama));
            return data;
        }

        foreach (var client in Recordings.Clients)
        {
            data.Add(client, nameof(TinyArchitecture.Llama));
            data.Add(client, nameof(TinyArchitecture.Gemma3));
        }

        return data;
    }

    /// <summary>What a second session shows is shown for every client.</summary>
    public static TheoryData<string, string> WholeReplays() => Recordings.AreFew
        ? new() { { InventedSessions.Messages, nameof(TinyArchitecture.Gemma3) } }
        : Replays();

    /// <summary>In an ordinary run one is enough.</summary>
    public static TheoryData<string, string> GroupReplays() => Recordings.AreFew
        ? new() { { InventedSessions.Chat, nameof(TinyArchitecture.Llama) } }
        : Replays();

    [Theory]
    [MemberData(nameof(WholeReplays))]
    public async Task Sessions_OfAClient_ReuseWhatCanBeReused(string client, string architecture) =>
        await ReplayAsync(client, architecture, Recordings.Of(client));

    /// <summary>Nothing is known of the client but the state of its first session.</summary>
    [Theory]
    [MemberData(nameof(Replays))]
    public async Task SecondSession_AfterARestartOfEverything_ReusesWhatCanBeReused(string client, string architecture)
    {
        var requests = Recordings.Of(client);
        var second = requests.First(request => request.Note.StartsWith("S2", StringComparison.Ordinal));
        var first = requests.TakeWhile(request => request != second);

        await ReplayAsync(client, architecture, [.. first, second with { Note = "S2 new session, after restart of everything" }]);
    }

    /// <summary>Each request through another of three proxies, which are restarted, too.</summary>
    [RedisTheory]
    [MemberData(nameof(GroupReplays))]
    public async Task Sessions_ThroughThreeProxies_ReuseWhatCanBeReused(string client, string architecture)
    {
        var requests = Recordings.Of(client);
        if (Recordings.AreFew) // restarts of one alone take long here
            requests = [.. requests.Where(static request => request.RestartsServer == request.RestartsProxy)];
        await ReplayAsync(client, architecture, requests, isGroup: true);
    }

    private async Task ReplayAsync(string client, string architecture, IReadOnlyList<RecordedRequest> requests, bool isGroup = false)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(Enum.Parse<TinyArchitecture>(architecture), size: TinySize.Tiny);
        var longest = requests.Max(request => request.Body.ToJsonString().Length);
        await using var replay = new ClientReplay(
            workspace, workspace.ServerOptions(parallel: 2) with { ContextSize = 2 * (longest + 2048), Threads = 2 },
            isGroup ? new ReplayedGroup(output, Enum.Parse<TinyArchitecture>(architecture)) : new OneReplayedProxy(workspace));

        var replayed = await replay.RunAsync(requests);

        output.WriteLine($"{client}, {architecture}\n prompt  reusable    reused     alone  result      request");
        foreach (var one in replayed)
            output.WriteLine(one.ToString());
        var (reusable, reused) = (replayed.Sum(one => one.Reusable), replayed.Sum(one => one.Reused));
        var alone = replayed.Sum(one => one.Alone) / (double)reusable;
        output.WriteLine($"reused {reused / (double)reusable:P1} of what can be reused; without the proxy {alone:P1}");
        var fresh = replayed.Skip(1).Where(one => one.Note.Contains("new session", StringComparison.Ordinal)).ToList();
        var (computed, unavoidable) = (fresh.Sum(one => one.Prompt - one.Reused), fresh.Sum(one => one.Prompt - one.Reusable));
        output.WriteLine($"new sessions computed {computed:N0} tokens; {unavoidable:N0} are new");
        Assert.InRange(reused, (int)(LeastReuse * reusable), int.MaxValue);
    }
}
