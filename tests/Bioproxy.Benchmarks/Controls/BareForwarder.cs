using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Benchmarks.Controls;

/// <summary>The least code that forwards a request: what remains above it is what Bioproxy itself costs.</summary>
internal static class BareForwarder
{
    public static async Task RunAsync(int port, int backend, CancellationToken stopping)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1));
        await using var app = builder.Build();
        using var client = new HttpMessageInvoker(
            new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });
        app.Run(async http =>
        {
            var url = $"http://127.0.0.1:{backend}{http.Request.GetEncodedPathAndQuery()}";
            using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), url);
            request.Content = new StreamContent(http.Request.Body);
            foreach (var (name, values) in http.Request.Headers)
            {
                if (name is "Host" or "Connection" or "Transfer-Encoding")
                    continue;
                if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                    request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }

            using var response = await client.SendAsync(request, http.RequestAborted);
            http.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
            {
                if (name is not ("Connection" or "Transfer-Encoding" or "Keep-Alive"))
                    http.Response.Headers[name] = values.ToString();
            }

            await response.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
        });
        await app.StartAsync(stopping);
        await app.WaitForShutdownAsync(stopping);
    }
}
