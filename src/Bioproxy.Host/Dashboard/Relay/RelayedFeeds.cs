using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard.Relay;

/// <summary>The state of other proxies as server-sent events. It is asked for once a second, once for all pages that show the same proxy,
/// and not at all while no page does. A proxy that is gone is a state as well: pages show it until the proxy is back.</summary>
internal sealed class RelayedFeeds(ICluster cluster, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<LiveFeed> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (LiveFeed Feed, int Pages)> _feeds = new(StringComparer.Ordinal);

    /// <summary>The proxies that pages show now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _feeds.Count;
        }
    }

    /// <summary>Answers a page until it leaves or this proxy stops.</summary>
    public async Task StreamAsync(string proxy, HttpContext http)
    {
        LiveFeed feed;
        lock (_lock)
        {
            var (known, pages) = _feeds.GetValueOrDefault(proxy);
            feed = known ?? new LiveFeed(token => FrameAsync(proxy, token), time, lifetime, logger);
            _feeds[proxy] = (feed, pages + 1);
        }

        try
        {
            await feed.StreamAsync(http).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                var pages = _feeds[proxy].Pages - 1;
                if (pages == 0)
                    _feeds.Remove(proxy);
                else
                    _feeds[proxy] = (feed, pages);
            }
        }
    }

    /// <summary>What the proxy's own page would receive, in an envelope.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> FrameAsync(string proxy, CancellationToken cancellationToken)
    {
        var request = new AdminRequest { Proxy = cluster.Name, Method = HttpMethods.Get, Path = "/live" };
        var reply = await cluster.AskAsync(proxy, request, Limit, cancellationToken).ConfigureAwait(false);
        var isKnown = reply is { Status: StatusCodes.Status200OK };
        return LiveFrame.Of("relayed", writer =>
        {
            writer.WriteString("own", cluster.Name);
            writer.WriteStrings("proxies", cluster.Proxies);
            writer.WriteString("problem", isKnown ? null : ProblemOf(proxy));
            if (!isKnown)
                return;
            writer.WritePropertyName("state");
            writer.WriteRawValue(reply!.Body.AsSpan().TrimEnd("\n"u8));
        });
    }

    private string ProblemOf(string proxy) =>
        cluster.Problem is { } problem ? $"Other proxies cannot be shown: {problem}."
        : cluster.Proxies.Contains(proxy) ? $"Proxy {proxy} does not answer."
        : $"Proxy {proxy} is not in the cluster: it was stopped, or the others cannot reach it.";
}
