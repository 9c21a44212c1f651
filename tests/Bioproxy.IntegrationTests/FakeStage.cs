using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.WarmUp;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// The whole proxy in this process in front of a fake backend, with folders of its own. On disposal its log goes to the test's output.
/// </summary>
internal sealed class FakeStage : IAsyncDisposable
{
    /// <summary>The limit of everything that should take milliseconds.</summary>
    public static readonly TimeSpan Limit = Tolerances.Soon;

    private readonly ITestOutputHelper _output;
    private readonly string _root;
    private readonly ProxyOptions _options;
    private readonly CollectedLog _log = new();
    private FakeBackend? _backend;
    private BioproxyApp _app;
    private bool _isDisposed;

    private FakeStage(ITestOutputHelper output, string root, ProxyOptions options)
    {
        _output = output;
        _root = root;
        _options = options;
        _app = NewApp();
        Client = NewClient();
        Admin = NewClient();
    }

    public FakeBackend Backend => _backend ?? throw new InvalidOperationException("The backend of this stage is none of ours.");

    public BioproxyApp App => _app;

    /// <summary>Talks to the proxy's port.</summary>
    public HttpClient Client { get; private set; }

    /// <summary>Talks to the admin port.</summary>
    public HttpClient Admin { get; private set; }

    public string Root => _root;

    public IReadOnlyList<string> Log => _log.Lines;

    /// <summary>Is called after each line that the proxy logged.</summary>
    public event Action LineLogged
    {
        add => _log.LineAdded += value;
        remove => _log.LineAdded -= value;
    }

    /// <summary>Requests of clients that reached the backend, in the order they came.</summary>
    public IReadOnlyList<FakeRequest> Chats => [.. Backend.Requests.Where(r => r.Is("POST", "/v1/chat/completions"))];

    /// <summary>A proxy in front of a new <see cref="FakeBackend"/>, once it knows what it has to do with.</summary>
    public static async Task<FakeStage> StartAsync(
        ITestOutputHelper output, FakeBackendOptions? backend = null, Func<ProxyOptions, ProxyOptions>? change = null,
            params (string Prefix, string Text)[] templates)
    {
        var fake = FakeBackend.Start(backend);
        try
        {
            var stage = await StartAsync(output, fake.BaseAddress, change, templates);
            stage._backend = fake;
            await stage.WaitUntilKnownAsync();
            return stage;
        }
        catch
        {
            await fake.DisposeAsync();
            throw;
        }
    }

    /// <summary>A proxy in front of whatever is at an address.</summary>
    public static async Task<FakeStage> StartAsync(ITestOutputHelper output, Uri backend, Func<ProxyOptions, ProxyOptions>? change = null,
        params (string Prefix, string Text)[] templates)
    {
        var root = Directory.CreateTempSubdirectory("bioproxy-fake-").FullName;
        var prefixes = new List<KeyValuePair<string, string>>();
        foreach (var (prefix, text) in templates)
        {
            var file = Path.Combine(root, prefix.TrimStart('@') + ".txt");
            await File.WriteAllTextAsync(file, text);
            prefixes.Add(new(prefix, file));
        }

        var options = new ProxyOptions
        {
            BaseDirectory = root,
            StateDirectory = Path.Combine(root, "state"),
            TemplateRoots = [root],
            PluginDirectories = [HostOutput.Plugins],
            Prefixes = prefixes,
            BackendUrl = backend,
            ProxyPort = 0,
            AdminPort = 0,
            WarmUpCheckInterval = TimeSpan.FromMilliseconds(300),
            HealthCheckInterval = TimeSpan.FromMilliseconds(100),
            ConnectTimeout = TimeSpan.FromSeconds(2),
            DrainTimeout = TimeSpan.FromMilliseconds(100),
        };
        var stage = new FakeStage(output, root, change?.Invoke(options) ?? options);
        try
        {
            await stage.StartAppAsync();
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public string PathOf(string name) => Path.Combine(_root, name);

    /// <summary>Stops the proxy and starts it anew with the same configuration and state.</summary>
    public async Task RestartProxyAsync()
    {
        await StopAppAsync();
        _app = NewApp();
        Client = NewClient();
        Admin = NewClient();
        await StartAppAsync();
        if (_backend is not null)
            await WaitUntilKnownAsync();
    }

    /// <summary>A chat body.</summary>
    /// <param name="text">The user's message.</param>
    /// <param name="more">Members in front, with a comma behind.</param>
    public static string Chat(string text, string more = "") =>
        $$"""{{{more}}"model":"m","messages":[{"role":"user","content":{{JsonValue.Create(text).ToJsonString()}}}]}""";

    public static HttpRequestMessage Post(string body, string path = "/v1/chat/completions") => new(HttpMethod.Post, path)
    {
        Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        },
    };

    /// <summary>Sends a chat; returns when the headers are there.</summary>
    public Task<HttpResponseMessage> SendAsync(string body, string path = "/v1/chat/completions",
        CancellationToken cancellationToken = default) =>
        Client.SendAsync(Post(body, path), HttpCompletionOption.ResponseHeadersRead, cancellationToken).WaitAsync(
            Limit, CancellationToken.None);

    /// <summary>Asks and takes the whole answer, which has to be good.</summary>
    public async Task<(string Text, HttpResponseMessage Response)> AskAsync(string body, string path = "/v1/chat/completions")
    {
        var response = await SendAsync(body, path);
        var text = await response.Content.ReadAsStringAsync().WaitAsync(Limit);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode}: {text}");
        return (text, response);
    }

    /// <summary>The body that arrived, without the slot that the proxy pinned it to.</summary>
    public static string WithoutPin(string arrived, HttpResponseMessage response) =>
        Header(response, "X-Bioproxy-Slot") is { } slot and not "auto"
            ? arrived.Replace($"\"id_slot\":{slot},", "", StringComparison.Ordinal)
            : arrived;

    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    public async Task<JsonNode> StatusAsync()
    {
        var text = await Admin.GetStringAsync(new Uri("/status", UriKind.Relative)).WaitAsync(Limit);
        return JsonNode.Parse(text)!;
    }

    public async Task<string> MetricsAsync() => await Admin.GetStringAsync(new Uri("/metrics", UriKind.Relative)).WaitAsync(Limit);

    public async Task<QueueView> QueueAsync()
    {
        var queue = (await StatusAsync())["queue"]!;
        return new QueueView((int)queue["capacity"]!, (int)queue["used"]!, Of("interactive", "waiting"), Of("batch", "waiting"),
            Of("warm_up", "waiting"), Of("interactive", "active"), Of("batch", "active"), Of("warm_up", "active"));

        int Of(string lane, string what) => (int)queue[lane]![what]!;
    }

    public Task WaitForQueueAsync(Func<QueueView, bool> condition, string message, TimeSpan? limit = null) =>
        Eventually.TrueAsync(async () => condition(await QueueAsync()), limit ?? Limit, message);

    /// <summary>Waits until every lease is returned and nothing waits.</summary>
    public Task WaitUntilIdleAsync(TimeSpan? limit = null) =>
        WaitForQueueAsync(q => q is { Used: 0, InteractiveWaiting: 0 }, "every lease is returned", limit);

    /// <summary>Waits until every model is ready and recognised.</summary>
    public Task WaitUntilAllKnownAsync() => Eventually.TrueAsync(
        () => App.Models.All.All(model => model.Current is { State.Status: BackendStatus.Ready, Recognition.Fingerprint: not null }),
        Limit,
        "all models are known");

    public WarmUpStatus Template(string prefix) => _app.WarmUps.Single(s => s.Trigger == prefix);

    public Task WaitForTemplateAsync(string prefix, WarmUpState state) =>
        Eventually.TrueAsync(() => Template(prefix).State == state, Limit, $"{prefix} is {state}");

    public Task WaitUntilWarmAsync(string prefix) => Eventually.TrueAsync(
        () => Template(prefix) is { State: WarmUpState.Warm } status
            && Snapshots(prefix).Any(s => s.TokensHash == status.TokensHash), Limit, $"{prefix} is warm");

    /// <summary>The usable snapshots of a template for the model of this moment.</summary>
    public IReadOnlyList<Snapshot> Snapshots(string prefix) =>
        [.. _app.Snapshots.All.Where(s => s.Trigger == prefix && s.Fingerprint == Identity)];

    public string? Identity => _app.Model.Current.Recognition.Fingerprint;

    /// <summary>Waits until the backend has been checked and its model recognised, where that is possible.</summary>
    public Task WaitUntilKnownAsync() => Eventually.TrueAsync(
        async () => _app.Model.Current.State is { Status: BackendStatus.Ready } state
            && (!state.HasSlots || !state.Facts!.CanSaveSlots || !_options.KvEnabled || Identity is not null)
            && (await QueueAsync()).InteractiveActive == 0,
        Limit,
        "the backend is known");

    /// <summary>Asserts that the proxy still serves: a plain question is answered, and every lease is returned.</summary>
    public async Task AssertServesAsync()
    {
        await WaitUntilIdleAsync();
        await AskAsync(Chat("are you still there?"));
        await WaitUntilIdleAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await StopAppAsync();
        if (_backend is not null)
        {
            foreach (var problem in _backend.Problems)
                _output.WriteLine($"backend: {problem}");
            await _backend.DisposeAsync().AsTask().DefaultTimeout();
        }

        _output.WriteLine(string.Join('\n', _log.Lines));
        Directory.Delete(_root, recursive: true);
    }

    private static HttpClient NewClient() =>
        new(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ResponseDrainTimeout = TimeSpan.Zero
        })
        { Timeout = TimeSpan.FromMinutes(1) };

    private BioproxyApp NewApp() =>
        new(_options, logging: logging => logging.AddProvider(_log).SetMinimumLevel(LogLevel.Debug).AddFilter(
            "Microsoft", LogLevel.Warning));

    private async Task StartAppAsync()
    {
        Assert.Empty(await _app.LoadTemplatesAsync(CancellationToken.None));
        await _app.StartAsync(CancellationToken.None).DefaultTimeout();
        Client.BaseAddress = _app.ProxyAddress;
        Admin.BaseAddress = _app.AdminAddress;
        if (_options.AdminKey?.Key is { } key)
            Admin.DefaultRequestHeaders.Add("X-Api-Key", key);
    }

    private async Task StopAppAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        await _app.DisposeAsync().AsTask().DefaultTimeout();
    }
}
