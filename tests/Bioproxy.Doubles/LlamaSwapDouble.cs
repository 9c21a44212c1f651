using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>
/// llama-swap's HTTP behaviour, as observed on version 250, in front of real llama-servers which it starts and stops: one model at a time,
/// any call that names a model loads it, a busy model is waited for, and nothing is saved.
/// </summary>
internal sealed class LlamaSwapDouble : IAsyncDisposable
{
    private const int MostAtOnce = 10;

    private static readonly string[] Hop = ["Transfer-Encoding", "Connection", "Content-Length", "Keep-Alive"];

    private readonly IReadOnlyDictionary<string, LlamaServerOptions> _models;
    private readonly HttpListener _listener = new();
    private readonly HttpClient _client = new(
        new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(3) });
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly SemaphoreSlim _swapping = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Task _accepting;
    private readonly Dictionary<string, int> _asked = [];
    private TaskCompletionSource _idle = new();
    private (string Model, LlamaServer Server)? _loaded;
    private int _inUse;

    private LlamaSwapDouble(IReadOnlyDictionary<string, LlamaServerOptions> models, int port)
    {
        _models = models;
        BaseAddress = new Uri($"http://127.0.0.1:{port}/");
        _listener.Prefixes.Add(BaseAddress.AbsoluteUri);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri BaseAddress { get; }

    /// <summary>The models in the order in which they were loaded.</summary>
    public ConcurrentQueue<string> Loads { get; } = [];

    /// <summary>The paths that were asked for.</summary>
    public ConcurrentQueue<string> Paths { get; } = [];

    public static LlamaSwapDouble Start(IReadOnlyDictionary<string, LlamaServerOptions> models)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        return new LlamaSwapDouble(models, port);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        if (_loaded is { } loaded)
            await loaded.Server.DisposeAsync();
        await Task.WhenAll(_serving).WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Close();
        _client.Dispose();
        _swapping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _serving.Add(Task.Run(() => ServeAsync(context)));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (Exception e) when (e is HttpListenerException or IOException or HttpRequestException or ObjectDisposedException)
        {
            context.Response.Abort(); // the client left, or the server ended
        }
    }

    private async Task RouteAsync(HttpListenerContext context)
    {
        var path = context.Request.Url!.AbsolutePath;
        Paths.Enqueue(path);
        using var buffer = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(buffer);
        var body = buffer.ToArray();
        switch (path)
        {
            case "/health":
                await AnswerAsync(context, 200, "OK");
                return;
            case "/running":
                await AnswerAsync(context, 200, Running().ToJsonString());
                return;
            case "/v1/models":
                await AnswerAsync(context, 200, List().ToJsonString());
                return;
        }

        var (model, rest) = path.StartsWith("/upstream/", StringComparison.Ordinal)
            ? (path.Split('/')[2], "/" + string.Join('/', path.Split('/').Skip(3)))
            : ((context.Request.QueryString["model"] ?? ModelOf(body)) ?? "", path);
        model = _models.Keys.FirstOrDefault(name => name == model || model == $"alias-{name}") ?? "";
        if (model.Length == 0)
            await AnswerAsync(context, 404, "{\"error\":\"no router for requested model\",\"src\":\"llama-swap\"}");
        else
            await ForwardAsync(context, model, rest + context.Request.Url.Query, body);
    }

    private async Task ForwardAsync(HttpListenerContext context, string model, string path, byte[] body)
    {
        lock (_lock)
        {
            var asked = _asked[model] = _asked.GetValueOrDefault(model) + 1;
            if (asked > MostAtOnce)
            {
                _asked[model]--;
                context.Response.AddHeader("Retry-After", "1");
                _ = AnswerAsync(context, 429, "{\"error\":\"Too many requests\"}");
                return;
            }
        }

        try
        {
            var server = await UseAsync(model);
            try
            {
                await PassOnAsync(context, new Uri(server.BaseAddress, path), body);
            }
            finally
            {
                EndUse();
            }
        }
        finally
        {
            lock (_lock)
                _asked[model]--;
        }
    }

    /// <summary>Loads the model if it is not; waits for a busy one to become idle. Requests for the loaded one go first.</summary>
    private async Task<LlamaServer> UseAsync(string model)
    {
        while (true)
        {
            if (TryUse(model) is { } at)
                return at;
            await _swapping.WaitAsync();
            try
            {
                if (TryUse(model) is { } there)
                    return there;
                Task idle;
                lock (_lock)
                    idle = _inUse == 0 ? Task.CompletedTask : _idle.Task;
                await idle;
                (string Model, LlamaServer Server)? old;
                lock (_lock)
                {
                    if (_inUse > 0)
                        continue;
                    (old, _loaded) = (_loaded, null);
                }

                if (old is { } ends)
                {
                    await ends.Server.StopAsync();
                    await ends.Server.DisposeAsync();
                }

                var server = await LlamaServer.StartAsync(_models[model], CancellationToken.None);
                Loads.Enqueue(model);
                lock (_lock)
                {
                    _loaded = (model, server);
                    _inUse++;
                    return server;
                }
            }
            finally
            {
                _swapping.Release();
            }
        }
    }

    private LlamaServer? TryUse(string model)
    {
        lock (_lock)
        {
            if (_loaded is not var (name, server) || name != model)
                return null;
            _inUse++;
            return server;
        }
    }

    private void EndUse()
    {
        lock (_lock)
        {
            if (--_inUse > 0)
                return;
            _idle.TrySetResult();
            _idle = new TaskCompletionSource();
        }
    }

    private async Task PassOnAsync(HttpListenerContext context, Uri to, byte[] body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), to);
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType ?? "application/json");
        }

        using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !Hop.Contains(h.Key)))
            context.Response.AddHeader(name, string.Join(',', values));
        context.Response.SendChunked = true;
        using var from = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[8192];
        while (await from.ReadAsync(buffer) is var read and > 0)
        {
            await context.Response.OutputStream.WriteAsync(buffer.AsMemory(0, read));
            await context.Response.OutputStream.FlushAsync();
        }

        context.Response.Close();
    }

    private JsonObject Running()
    {
        lock (_lock)
        {
            return new JsonObject
            {
                ["running"] = _loaded is not var (name, server)
                    ? []
                    : new JsonArray(new JsonObject
                    {
                        ["model"] = name,
                        ["state"] = "ready",
                        ["proxy"] = server.BaseAddress.ToString(),
                        ["ttl"] = 0,
                    }),
            };
        }
    }

    private JsonObject List()
    {
        string? loaded;
        lock (_lock)
            loaded = _loaded?.Model;
        return new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. _models.Keys.Select(name => new JsonObject
            {
                ["id"] = name,
                ["object"] = "model",
                ["owned_by"] = "llama-swap",
                ["meta"] = new JsonObject
                {
                    ["llamaswap"] = new JsonObject { ["aliases"] = new JsonArray($"alias-{name}"), ["type"] = "model" },
                },
                ["status"] = new JsonObject { ["value"] = name == loaded ? "loaded" : "unloaded" },
            })]),
        };
    }

    private static string? ModelOf(byte[] body)
    {
        try
        {
            return (string?)JsonNode.Parse(body)?["model"];
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static async Task AnswerAsync(HttpListenerContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = text.StartsWith('{') ? "application/json" : "text/plain";
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentLength64 = bytes.Length;
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }
}
