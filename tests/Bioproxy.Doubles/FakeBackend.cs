using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Bioproxy.Doubles;

/// <summary>
/// A llama-server made of strings, on raw TCP, so that it can misbehave byte by byte. It keeps slots as lists of tokens and reports
/// truthfully what it reused; gates hold requests where a test wants them; scripts spoil single answers. Nothing in it waits for a clock.
/// </summary>
internal sealed class FakeBackend : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<FakeRequest> _requests = [];
    private readonly HashSet<FakeRequest> _taken = [];
    private readonly List<(Func<FakeRequest, bool> Matches, TaskCompletionSource<FakeRequest> Found)> _waiters = [];
    private readonly List<(Func<FakeRequest, bool> Matches, FakeMisbehaviour Script)> _scripts = [];
    private readonly List<FakeGate> _gates = [];
    private readonly List<FakeProcess> _processes = [];
    private readonly ConcurrentQueue<string> _problems = new();
    private FakeBackendOptions _options;
    private FakeProcess _process;
    private Socket? _reserved;
    private int _connections;
    private int _seconds;

    private FakeBackend(FakeBackendOptions options)
    {
        _options = options;
        Files = new FakeFiles(options.SlotSavePath);
        var socket = FakeProcess.Bind(0);
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        BaseAddress = new Uri($"http://127.0.0.1:{Port}/");
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = BaseAddress };
        _process = new FakeProcess(this, options, socket, () => Interlocked.Increment(ref _connections));
        _processes.Add(_process);
    }

    public int Port { get; }

    public Uri BaseAddress { get; }

    /// <summary>Talks to the fake directly.</summary>
    public HttpClient Client { get; }

    /// <summary>Saved slots; they outlive restarts.</summary>
    public FakeFiles Files { get; }

    public FakeViolations Violations { get; } = new();

    /// <summary>Requests and slot actions that arrived for a busy slot.</summary>
    public int SlotCollisions => Violations.SlotCollisions;

    /// <summary>Violations of HTTP in requests, and failures of the fake itself.</summary>
    public IReadOnlyList<string> Problems => [.. _problems];

    /// <summary>Changes with every restart, as <c>media_marker</c> of <c>/props</c>.</summary>
    public string ProcessMarker => _process.Marker;

    /// <summary>The slots now, without asking the server for them.</summary>
    public IReadOnlyList<FakeSlotView> Slots => _process.Engine.Slots;

    /// <summary>Tasks that wait for a slot inside the server.</summary>
    public int DeferredCount => _process.Engine.DeferredCount;

    /// <summary>Connections opened so far.</summary>
    public int ConnectionCount => Volatile.Read(ref _connections);

    /// <summary>While true, every request is answered with 503, as while a model is loaded.</summary>
    public bool IsLoading { get; set; }

    /// <summary>All requests so far, in the order they came.</summary>
    public IReadOnlyList<FakeRequest> Requests
    {
        get
        {
            lock (_lock)
                return [.. _requests];
        }
    }

    public static FakeBackend Start(FakeBackendOptions? options = null) => new(options ?? new FakeBackendOptions());

    /// <summary>The first matching request that was not returned before, whether it came before or comes after this call.</summary>
    public Task<FakeRequest> NextAsync(Func<FakeRequest, bool> matches)
    {
        lock (_lock)
        {
            if (_requests.Find(r => !_taken.Contains(r) && matches(r)) is { } found)
            {
                _taken.Add(found);
                return Task.FromResult(found);
            }

            var waiter = new TaskCompletionSource<FakeRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((matches, waiter));
            return waiter.Task;
        }
    }

    public Task<FakeRequest> NextAsync(string method, string path) => NextAsync(r => r.Is(method, path));

    /// <summary>Spoils the next answer to a request that matches. Several calls are several answers.</summary>
    public void Misbehave(Func<FakeRequest, bool> matches, FakeMisbehaviour script)
    {
        lock (_lock)
            _scripts.Add((matches, script));
    }

    public void Misbehave(string path, FakeMisbehaviour script) => Misbehave(r => r.Path == path, script);

    /// <summary>Holds requests in their slots until the gate is released.</summary>
    /// <param name="matches">Which; null for all.</param>
    /// <param name="afterChunks">How many events they send before they are held (0: they have not begun to evaluate).</param>
    /// <param name="ignoresLeaving">They keep working although their client left.</param>
    public FakeGate HoldGeneration(Func<FakeRequest, bool>? matches = null, int afterChunks = 0, bool ignoresLeaving = false)
    {
        var gate = new FakeGate { Matches = matches, AfterChunks = afterChunks, IgnoresLeaving = ignoresLeaving };
        lock (_lock)
            _gates.Add(gate);
        return gate;
    }

    /// <summary>What llama-server does to a connection that was idle for five seconds, without the five seconds.</summary>
    public void CloseIdleConnections() => _process.CloseIdleConnections();

    /// <summary>What <c>--sleep-idle-seconds</c> does after its time: slots are empty, the process and its marker stay.</summary>
    public void FallAsleep() => _process.Engine.FallAsleep();

    /// <summary>Ends the process: nothing listens, all connections are reset, slots are lost. The port stays reserved.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (_reserved is not null)
                return;
            _process.Kill();
            _reserved = Reserve();
        }
    }

    /// <summary>A new process at the same address: empty slots, task numbers from 0, another marker. Saved slots are still there.</summary>
    /// <param name="change">Other options; null for the same.</param>
    public void Restart(Func<FakeBackendOptions, FakeBackendOptions>? change = null)
    {
        Kill();
        lock (_lock)
        {
            _options = change?.Invoke(_options) ?? _options;
            _process = new FakeProcess(this, _options, _reserved!, () => Interlocked.Increment(ref _connections));
            _processes.Add(_process);
            _reserved = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        _reserved?.Dispose();
        Client.Dispose();
        foreach (var process in _processes)
            await process.WhenEndedAsync();
    }

    internal void AddProblem(string problem) => _problems.Enqueue(problem);

    /// <summary>The time in <c>/v1/models</c>, which differs from call to call.</summary>
    internal int NextSecond() => Interlocked.Increment(ref _seconds);

    internal FakeRequest Record(
        string method, string target, List<KeyValuePair<string, string>> headers, byte[] body, int connection, int earlier)
    {
        lock (_lock)
        {
            var request = new FakeRequest
            {
                Method = method,
                Target = target,
                Headers = headers,
                Body = body,
                Order = _requests.Count,
                Connection = connection,
                EarlierOnConnection = earlier,
            };
            _requests.Add(request);
            var script = _scripts.FindIndex(s => s.Matches(request));
            if (script >= 0)
            {
                request.Script = _scripts[script].Script;
                _scripts.RemoveAt(script);
            }

            var waiter = _waiters.FindIndex(w => w.Matches(request));
            if (waiter >= 0)
            {
                _taken.Add(request);
                _waiters[waiter].Found.TrySetResult(request);
                _waiters.RemoveAt(waiter);
            }

            return request;
        }
    }

    internal async Task HoldAsync(FakeRequest request, int chunks, CancellationToken left, CancellationToken killed)
    {
        List<FakeGate> gates;
        lock (_lock)
            gates = [.. _gates.Where(g => !g.IsReleased && chunks >= g.AfterChunks && g.Matches?.Invoke(request) != false)];
        foreach (var gate in gates.Where(g => !g.Entered.Contains(request)))
            await gate.EnterAsync(request, left, killed);
    }

    /// <summary>A socket that does not listen reserves the port and refuses connections.</summary>
    private Socket Reserve()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return FakeProcess.Bind(Port);
            }
            catch (SocketException) when (attempt < 100)
            {
                Thread.Yield(); // the closed listener is on its way out
            }
        }
    }
}
