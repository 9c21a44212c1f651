using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Bioproxy.Host;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.WarmUp;
using Microsoft.Extensions.Logging;

namespace Bioproxy.IntegrationTests;

/// <summary>The whole proxy in this process, on its own ports, started from a configuration file like a user's.</summary>
internal sealed partial class TestProxy : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly BioproxyApp _app;
    private bool _disposed;

    private TestProxy(BioproxyApp app, CollectedLog log)
    {
        _app = app;
        Log = log;
        Client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ResponseDrainTimeout = TimeSpan.Zero
        })
        { BaseAddress = app.ProxyAddress, Timeout = Limit };
        Admin = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = app.AdminAddress, Timeout = Limit };
    }

    public CollectedLog Log { get; }

    /// <summary>Talks to the proxy's port.</summary>
    public HttpClient Client { get; }

    /// <summary>Talks to the admin port.</summary>
    public HttpClient Admin { get; }

    public BioproxyApp App => _app;

    /// <summary>The model's fingerprint, if it is known now.</summary>
    public string? Identity => _app.Model.Current.Recognition.Fingerprint;

    public int Instance => _app.Model.Current.Number;

    /// <summary>The warm-ups that were completed.</summary>
    public IReadOnlyList<WarmUpRun> WarmUps =>
        [.. Log.Lines.Select(line => WarmLine().Match(line)).Where(match => match.Success).Select(
            match => new WarmUpRun(Number(match, 1), Number(match, 2), match.Groups[3].Value == "saved"))];

    /// <summary>How often a snapshot was restored.</summary>
    public int Restores => Log.Lines.Count(line => line.Contains("Restored ", StringComparison.Ordinal));

    /// <summary>How often a conversation was saved.</summary>
    public int Saves => Log.Lines.Count(line => line.Contains("Saved a conversation", StringComparison.Ordinal));

    /// <param name="options">The configuration, from <see cref="Load"/>.</param>
    public static async Task<TestProxy> StartAsync(ProxyOptions options)
    {
        var log = new CollectedLog();
        var app = new BioproxyApp(
            options, logging: logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning));
        try
        {
            Assert.Empty(await app.LoadTemplatesAsync(CancellationToken.None));
            await app.StartAsync(CancellationToken.None).DefaultTimeout();
            return new TestProxy(app, log);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads a configuration file; environment variables are ignored.</summary>
    public static ProxyOptions Load(string file)
    {
        var result = ConfigurationLoader.Load(new ConfigurationInput { ConfigPath = file, Environment = _ => null });
        Assert.Empty(result.Errors);
        return result.Options!;
    }

    public WarmUpStatus Template(string prefix) => _app.WarmUps.Single(status => status.Trigger == prefix);

    /// <summary>Waits until a template is saved for the model behind the backend, in this state of the backend.</summary>
    /// <param name="prefix">The template's prefix.</param>
    /// <param name="limit">How long that may take.</param>
    /// <param name="otherThan">A version that does not count.</param>
    public Task WaitUntilWarmAsync(string prefix, TimeSpan? limit = null, string? otherThan = null) => Eventually.TrueAsync(
        () => Template(prefix) is { State: WarmUpState.Warm } status && status.TokensHash != otherThan
            && _app.Snapshots.All.Any(
                snapshot => snapshot.Fingerprint == Identity && snapshot.Trigger == prefix && snapshot.TokensHash == status.TokensHash),
        limit ?? Limit,
        $"{prefix} is warm");

    /// <summary>Waits until the backend is ready in a later instance than the given one and its model is recognised.</summary>
    public Task WaitUntilRecognisedAsync(int after = -1) => Eventually.TrueAsync(
        () => Instance > after && _app.Model.Current.State.Status == BackendStatus.Ready && Identity is not null,
        Limit,
        $"the model is recognised in a later instance than {after}");

    public Task WaitForBackendAsync(BackendStatus status) =>
        Eventually.TrueAsync(() => _app.Model.Current.State.Status == status, Limit, $"the backend is {status}");

    public Task WaitForLogAsync(string text) => Eventually.TrueAsync(() => Logged(text), Limit, $"the log says '{text}'");

    public bool Logged(string text) => Log.Lines.Any(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits until no lease is held and nothing waits.</summary>
    public Task WaitUntilIdleAsync() => Eventually.TrueAsync(
        async () => (await StatusAsync())["queue"] is { } queue && (int)queue["used"]! == 0 && (int)queue["interactive"]!["waiting"]! == 0,
        Limit,
        "no lease is held");

    /// <summary>Waits until everything worth saving is saved.</summary>
    public Task WaitUntilAllSavedAsync() =>
        Eventually.TrueAsync(() => !_app.Model.Current.Saver.HasDue, Limit, "everything worth saving is saved");

    /// <summary>Waits until every preamble that was found is saved.</summary>
    public Task WaitUntilPreamblesWarmAsync() => Eventually.TrueAsync(
        async () => ArePreamblesWarm(await StatusAsync()), Limit, "all preambles are warm");

    /// <summary>Whether a status says that every preamble is saved which can be.</summary>
    public static bool ArePreamblesWarm(JsonNode status) =>
        status["preambles"]!.AsArray().All(static one => (string)one!["state"]! is "warm" or "not_cacheable");

    /// <summary>Waits until conversations were saved this many times.</summary>
    public Task WaitUntilSavedAsync(int count) =>
        Eventually.TrueAsync(() => Saves >= count, Limit, $"{count} conversations are saved");

    /// <summary>Asks a chat request for one greedy token and its alternatives.</summary>
    public Task<Answer> AskAsync(params (string Role, string Content)[] messages) =>
        SendAsync(ChatProbe.FirstTokenBody(ChatProbe.Chat(messages)), CancellationToken.None);

    public Task<Answer> SendAsync(JsonObject chat, CancellationToken cancellationToken) =>
        SendAsync(Client, Request(chat), cancellationToken);

    /// <summary>Sends a chat request that does not stream, and asserts success.</summary>
    public static async Task<Answer> SendAsync(HttpClient client, HttpRequestMessage chat, CancellationToken cancellationToken)
    {
        using var request = chat;
        using var response = await client.SendAsync(request, cancellationToken).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync(cancellationToken).DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return new Answer(
            response.StatusCode, Header(response, "X-Bioproxy-Cache"), Header(response, "X-Bioproxy-Slot"), JsonNode.Parse(text)!);
    }

    /// <summary>The request as a client sends it.</summary>
    public static HttpRequestMessage Request(JsonObject chat) => new(HttpMethod.Post, "/v1/chat/completions")
    {
        Content = new StringContent(chat.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
    };

    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    public async Task<JsonNode> StatusAsync()
    {
        using var response = await Admin.GetAsync(new Uri("/status", UriKind.Relative)).DefaultTimeout();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        Client.Dispose();
        Admin.Dispose();
        await _app.DisposeAsync().AsTask().DefaultTimeout();
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@" is warm: (\d+) tokens, (\d+) computed, .*, ((?:not )?saved)\.")]
    private static partial Regex WarmLine();
}
