using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.Plugins;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Requests;

/// <summary>
/// The path of a request, made of the real objects. Requests go to a fake backend over the wire; the slots are those of a
/// <see cref="ModelFixture"/>, so that a test decides what happens to each step. No plugin is loaded.
/// </summary>
internal sealed class RequestPathFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _plugins = Directory.CreateTempSubdirectory("bioproxy-path-");
    private readonly PluginManager _manager;
    private readonly TransformChain _chain;
    private readonly PluginStage _stage;
    private readonly RecentPrompts _recent = new();
    private readonly RequestPath _path;

    public RequestPathFixture(Func<ProxyOptions, ProxyOptions>? change = null, IModelLoader? loader = null)
    {
        Model = new ModelFixture(
            o => (change ?? (same => same))(o with { BackendUrl = Backend.BaseAddress }), TimeProvider.System, slots: 1, loader: loader);
        var options = Model.Options;
        _manager = new PluginManager(
            FixturePlugins.Loader(_plugins.FullName), options, [], TimeProvider.System, NullLogger<PluginManager>.Instance);
        _chain = new TransformChain(Fence(PluginBudget.OfTransforms(options.PluginTimeBudget)));
        var explainer = new Explainer(Log, _recent, options, TimeProvider.System);
        var report = new RequestReport(
            Model.Metrics, Tracing, new RequestJournal(TimeProvider.System), TimeProvider.System, NullLogger<RequestPath>.Instance);
        var handlers = Fence(PluginBudget.OfHandlers(options.HandlerTimeBudget));
        _stage = new PluginStage(_manager, _chain, handlers, new FailureResponse(report), report);
        var router = new ModelRouter(new ModelDirectory([Model.Model]), options);
        _path = new RequestPath(_stage, router, explainer, new ConversationTracker(_recent), report, options, TimeProvider.System);
    }

    public FakeBackend Backend { get; } = FakeBackend.Start(new FakeBackendOptions { Slots = 1, AnswerTokens = 8 });

    public ModelFixture Model { get; }

    public ExplanationLog Log { get; } = new();

    public RequestTracing Tracing { get; } = new();

    public CancellationTokenSource Leaving { get; } = new();

    public static string Chat(string text, bool isStream = false) =>
        $$"""{"stream":{{(isStream ? "true" : "false")}},"messages":[{"role":"user","content":"{{text}}"}]}""";

    /// <summary>A request that ends as the path decides.</summary>
    /// <returns>The status, what the client received, and the request's id.</returns>
    public Task<(int Status, string Received, string Id)> SendAsync(string body, params (string Name, string Value)[] headers) =>
        SendAsync("POST", "/v1/chat/completions", body, headers);

    /// <summary>A request to any path.</summary>
    public async Task<(int Status, string Received, string Id)> SendAsync(
        string method, string path, string body, params (string Name, string Value)[] headers)
    {
        using var received = new MemoryStream();
        var http = new DefaultHttpContext { RequestAborted = Leaving.Token };
        http.Features.Set<IHttpResponseFeature>(new StartedByItsFirstByte(received));
        http.Request.Method = method;
        http.Request.Path = path;
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        http.Request.ContentLength = http.Request.Body.Length;
        http.Request.ContentType = "application/json";
        foreach (var (name, value) in headers)
            http.Request.Headers[name] = value;
        http.Response.Body = received;
        await _path.HandleAsync(http).DefaultTimeout();
        return (
            http.Response.StatusCode,
            Encoding.UTF8.GetString(received.ToArray()),
            http.Response.Headers["X-Bioproxy-Request-Id"].ToString());
    }

    /// <summary>A snapshot of the prompt that this body holds.</summary>
    public void AddSnapshot(string body)
    {
        var prompt = PromptBody.Read(Encoding.UTF8.GetBytes(body), PromptEndpoint.Chat)!;
        using var canonical = CanonicalPrompt.Build(new EditablePrompt(prompt, "test", isWarmUp: false, DateTimeOffset.UnixEpoch));
        Model.AddSnapshot(canonical);
    }

    /// <summary>Takes the only slot.</summary>
    public async Task<Lease> OccupyAsync() =>
        (await Model.Queue.AcquireAsync(new(Lane.Interactive, 1), CancellationToken.None).DefaultTimeout()).Lease!;

    public async ValueTask DisposeAsync()
    {
        await Model.DisposeAsync();
        _stage.Dispose();
        _chain.Dispose();
        _recent.Dispose();
        await _manager.DisposeAsync().DefaultTimeout();
        await Backend.DisposeAsync();
        Leaving.Dispose();
        Tracing.Dispose();
        _plugins.Delete(recursive: true);
    }

    /// <summary>A bare context's answer never counts as begun.</summary>
    private sealed class StartedByItsFirstByte(MemoryStream received) : HttpResponseFeature
    {
        public override bool HasStarted => received.Length > 0;
    }

    private PluginFence Fence(PluginBudget budget) =>
        new(budget, Model.Metrics, TimeProvider.System, NullLogger<PluginFence>.Instance);
}
