using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.Fleet;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>The server as one proxy reaches it. A proxy that is dead gets no answer any more.</summary>
internal sealed class SlotServerDriver(FleetWorld world, SlotServer server, SimulatedProxy proxy) : IBackendDriver, ISlotApi
{
    private static readonly BackendFacts Facts = FakeDriver.Facts;
    private static long _last;

    private (int Process, ConnectionUse Use) _connection;

    public ISlotApi? Slots => this;

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken) => Alive(() =>
        server.IsUp
            ? Discovery.Found(BackendStatus.Ready, Facts with { TotalSlots = server.Slots, ProcessMarker = Marker }, null)
            : Discovery.Found(BackendStatus.Unreachable, null, "connection refused"));

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken) => Alive(() =>
        server.IsUp && Marker == facts.ProcessMarker ? ProcessCheck.Same : ProcessCheck.Other);

    public Task WakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken) =>
        Alive(() => server.IsUp ? Good(server.List()) : Gone<IReadOnlyList<SlotRow>>());

    public async Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken)
    {
        var saved = await server.SaveAsync(slot, fileName).ConfigureAwait(false);
        return await Alive(() => saved is null ? Gone<SlotFileResult>() : Good(saved)).ConfigureAwait(false);
    }

    public async Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken)
    {
        var restored = await server.RestoreAsync(slot, fileName, text => Check(fileName, text)).ConfigureAwait(false);
        return await Alive(() => restored is null ? Gone<SlotFileResult>()
            : restored.Tokens >= 0 ? Good(restored)
            : new(null, 400, "no such file", null, Connection)).ConfigureAwait(false);
    }

    public async Task<bool> EraseAsync(int slot, CancellationToken cancellationToken)
    {
        await server.EraseAsync(slot).ConfigureAwait(false);
        return await Alive(() => server.IsUp).ConfigureAwait(false);
    }

    public async Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(
        string prompt, int count, CancellationToken cancellationToken)
    {
        var used = await server.EvaluateAsync(prompt.Length / ServerState.TokenLength, null).ConfigureAwait(false);
        var weights = server.HidesWeights ? 0 : server.Weights;
        return await Alive(() => used < 0 ? Gone<IReadOnlyDictionary<int, double>>()
            : Good<IReadOnlyDictionary<int, double>>(new Dictionary<int, double> { [1] = -1 - weights, [2] = -0.5 }))
            .ConfigureAwait(false);
    }

    public async Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        int[] tokens, int? slot, bool mayReuse, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        var used = await server.EvaluateAsync(tokens.Length, slot).ConfigureAwait(false);
        return await Alive(() =>
        {
            if (used < 0)
                return Gone<EvaluationResult>();
            progress(0, tokens.Length, tokens.Length);
            return Good(new EvaluationResult(used, 0, tokens.Length));
        }).ConfigureAwait(false);
    }

    public Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken) =>
        Alive(Gone<string>);

    public Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken) => Alive(Gone<int[]>);

    public Task<BackendAnswer<EvaluationResult>> EvaluateChatAsync(
        JsonObject chat, int? slot, bool mayReuse, CancellationToken cancellationToken) => Alive(Gone<EvaluationResult>);

    public void Dispose()
    {
        // it holds nothing
    }

    private string Marker => server.Process.ToString(CultureInfo.InvariantCulture);

    private ConnectionUse Connection
    {
        get
        {
            if (_connection.Process != server.Process)
            {
                _connection = (
                    server.Process,
                    new ConnectionUse { Connection = Interlocked.Increment(ref _last), Established = Stopwatch.GetTimestamp() });
            }

            return _connection.Use;
        }
    }

    /// <summary>The file must hold what the proxy believes.</summary>
    private void Check(string file, string text)
    {
        if (proxy.Store.Index.Find(file) is not { } snapshot)
            return; // removed meanwhile: its text is compared at the server
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytes.Length < snapshot.Chain.Length || PromptChain.Of(bytes.AsSpan(0, snapshot.Chain.Length)).End != snapshot.Chain.End)
            world.Violate($"{file} holds something else than its sidecar says");
    }

    private Task<T> Alive<T>(Func<T> answer) =>
        proxy.IsAlive ? Task.FromResult(answer()) : new TaskCompletionSource<T>().Task;

    private BackendAnswer<T> Good<T>(T value)
        where T : class => new(value, 200, null, null, Connection);

    private static BackendAnswer<T> Gone<T>()
        where T : class => new(null, 0, "connection refused", TransportFault.Unreachable, null);
}
