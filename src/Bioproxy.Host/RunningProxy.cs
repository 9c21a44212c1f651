using System.Net;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary>The proxy that is running with this configuration, asked on its admin port.</summary>
internal static class RunningProxy
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <returns>Null when no proxy answers; empty when it does not know what was asked for.</returns>
    /// <exception cref="HttpRequestException">It answered with an error.</exception>
    public static async Task<ReadOnlyMemory<byte>?> AskAsync(
        ProxyOptions options, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        var host = options.AdminHost is "0.0.0.0" or "::" ? "localhost" : options.AdminHost;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = ConnectLimit });
        client.BaseAddress = new UriBuilder("http", host, options.AdminPort).Uri;
        client.Timeout = Limit;
        using var message = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
            message.Content = new ByteArrayContent([]) { Headers = { ContentType = new("application/json") } };
        try
        {
            using var response = await client.SendAsync(message, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
                return ReadOnlyMemory<byte>.Empty;
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            return null;
        }
    }
}
