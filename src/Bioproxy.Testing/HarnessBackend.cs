using System.Net;
using System.Runtime.ExceptionServices;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Testing;

/// <summary>
/// A backend that records its requests and returns the given answers. It is healthy but not a llama-server (no <c>/props</c>), so
/// the host does not manage KV caches. The host forwards a client's headers, also in handlers' questions: one of them identifies the
/// request of the client.
/// </summary>
internal sealed class HarnessBackend : IAsyncDisposable
{
    public const string ClientHeader = "X-Bioproxy-Harness";

    private readonly WebApplication _web;
    private readonly Func<HarnessRequest, HarnessAnswer> _answer;
    private readonly Lock _lock = new();
    private readonly List<(string? Client, HarnessRequest Request)> _requests = [];
    private readonly Dictionary<string, ExceptionDispatchInfo> _thrown = [];

    private HarnessBackend(WebApplication web, Func<HarnessRequest, HarnessAnswer> answer)
    {
        _web = web;
        _answer = answer;
    }

    public Uri Address => new(_web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<HarnessBackend> StartAsync(Func<HarnessRequest, HarnessAnswer> answer, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var backend = new HarnessBackend(builder.Build(), answer);
        backend._web.Run(backend.HandleAsync);
        await backend._web.StartAsync(cancellationToken).ConfigureAwait(false);
        return backend;
    }

    /// <summary>The requests it received for one request of a client; with null, those without a client.</summary>
    public IReadOnlyList<HarnessRequest> RequestsOf(string? client)
    {
        lock (_lock)
            return [.. _requests.Where(request => request.Client == client).Select(request => request.Request)];
    }

    /// <summary>Rethrows the exception of the answer to a client's request.</summary>
    public void Rethrow(string client)
    {
        ExceptionDispatchInfo? thrown;
        lock (_lock)
            _thrown.Remove(client, out thrown);
        thrown?.Throw();
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        await _web.StopAsync(now.Token).ConfigureAwait(false); // the host has stopped, so no answer is awaited
        await _web.DisposeAsync().ConfigureAwait(false);
    }

    private async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            await Own(path).WriteAsync(http, new HarnessRequest(path, new Dictionary<string, string>(), [], null)).ConfigureAwait(false);
            return;
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted).ConfigureAwait(false);
        var client = http.Request.Headers[ClientHeader] is { Count: 1 } header ? header[0] : null;
        var headers = http.Request.Headers.Where(h => h.Key != ClientHeader)
            .ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var request = new HarnessRequest(path, headers, body.ToArray(), Routes.Of(http.Request).Prompt);
        lock (_lock)
            _requests.Add((client, request));
        await Answer(client, request).WriteAsync(http, request).ConfigureAwait(false);
    }

    private static HarnessAnswer Own(string path) => path switch
    {
        "/health" or "/v1/health" => HarnessAnswer.Json("""{"status":"ok"}"""),
        "/models" or "/v1/models" => HarnessAnswer.Json(
            """{"object":"list","data":[{"id":"harness","object":"model","created":0,"owned_by":"harness"}]}"""),
        _ => HarnessAnswer.Error(404, $"The harness's backend has no {path}."),
    };

    private HarnessAnswer Answer(string? client, HarnessRequest request)
    {
        try
        {
            return _answer(request);
        }
        catch (Exception e)
        {
            // The test's own code failed; the test gets the exception.
            if (client is not null)
            {
                lock (_lock)
                    _thrown[client] = ExceptionDispatchInfo.Capture(e);
            }

            return HarnessAnswer.Error(500, $"The test's answer threw: {e.Message}");
        }
    }
}
