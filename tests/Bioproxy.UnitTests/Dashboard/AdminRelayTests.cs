using System.Text;
using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Bioproxy.Host.Dashboard;
using Bioproxy.Host.Dashboard.Relay;
using Bioproxy.UnitTests.Cluster;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>The admin port of one proxy asks another one.</summary>
public sealed class AdminRelayTests
{
    private const string Own = "10.0.0.5:11111";
    private const string Other = "10.0.0.6:11111";

    private readonly FakeCluster _cluster = new(new FakeHub(), Own) { Proxies = [Own, Other] };
    private readonly List<(string Proxy, AdminRequest Request)> _asked = [];
    private readonly RelayedFeeds _feeds;
    private AdminReply? _reply = new() { Status = 202, ContentType = "application/json", Body = "{\"a\":1}\n"u8.ToArray() };

    public AdminRelayTests()
    {
        _feeds = new RelayedFeeds(_cluster, new TestClock(), Substitute.For<IHostApplicationLifetime>(), NullLogger<LiveFeed>.Instance);
        _cluster.Answer = (proxy, request) =>
        {
            _asked.Add((proxy, request));
            return _reply;
        };
    }

    [Fact]
    public async Task Request_ForAnotherProxy_GoesThereWithoutAnyHeader()
    {
        var http = Request("POST", $"/cluster/{Other}/kv/pin", "?file=a%26b", "{}");
        http.Request.Headers.Cookie = "bioproxy_admin=secret";
        http.Request.Headers.Authorization = "Bearer secret";

        var answer = await SendAsync(http);

        Assert.Equal((202, "{\"a\":1}\n"), answer);
        var (proxy, asked) = Assert.Single(_asked);
        Assert.Equal((Other, Own, "POST", "/kv/pin", "?file=a%26b"), (proxy, asked.Proxy, asked.Method, asked.Path, asked.Query));
        Assert.Equal("{}", Encoding.UTF8.GetString(asked.Body));
    }

    [Theory]
    [InlineData("/status")]
    [InlineData("/cluster")]
    [InlineData("/cluster/")]
    [InlineData("/clusters/10.0.0.6:11111/status")]
    public async Task Request_ForThisProxy_IsAnsweredHere(string path)
    {
        Assert.Equal((200, "own"), await SendAsync(Request("GET", path)));
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData("GET", "/cluster/10.0.0.6:11111/token", "not_relayed")]
    [InlineData("GET", "/cluster/10.0.0.6:11111/cluster/10.0.0.5:11111/status", "not_relayed")]
    [InlineData("POST", "/cluster/10.0.0.6:11111/try/v1/chat/completions", "not_relayed")]
    [InlineData("POST", "/cluster/10.0.0.6:11111/events", "not_relayed")]
    [InlineData("GET", "/cluster/10.0.0.7:11111/status", "proxy_not_found")]
    public async Task Request_ThatMayNotBeRelayedOrToNobody_IsNotFound(string method, string path, string code)
    {
        var (status, body) = await SendAsync(Request(method, path));

        Assert.Equal(404, status);
        Assert.Contains(code, body, StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Proxy_ThatDoesNotAnswer_IsATimeout()
    {
        _reply = null;

        var (status, body) = await SendAsync(Request("GET", $"/cluster/{Other}/status"));

        Assert.Equal(504, status);
        Assert.Contains("proxy_not_reachable", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_AboveTheLimit_IsRefused()
    {
        var (status, _) = await SendAsync(Request("POST", $"/cluster/{Other}/kv/gc", body: new string(' ', (64 * 1024) + 1)));

        Assert.Equal(413, status);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Answer_OfATypeThatABrowserRuns_IsOnlyBytes()
    {
        _reply = new AdminReply { Status = 200, ContentType = "text/javascript", Body = "alert(1)"u8.ToArray() };
        var http = Request("GET", $"/cluster/{Other}/status");

        await SendAsync(http);

        Assert.Equal("application/octet-stream", http.Response.ContentType);
    }

    [Theory]
    [InlineData(Other, true, "\"problem\":null,\"state\":{\"a\":1}}")]
    [InlineData(Other, false, "\"problem\":\"Proxy 10.0.0.6:11111 does not answer.\"}")]
    [InlineData("10.0.0.7:11111", true, "\"problem\":\"Proxy 10.0.0.7:11111 is not in the cluster:")]
    public async Task Events_OfAProxy_HaveItsStateOrWhyThereIsNone(string proxy, bool answers, string expected)
    {
        _reply = answers ? new AdminReply { Status = 200, ContentType = "application/json", Body = "{\"a\":1}\n"u8.ToArray() } : null;
        using var leaving = new CancellationTokenSource();
        var http = Request("GET", $"/cluster/{proxy}/events");
        http.RequestAborted = leaving.Token;

        var streaming = SendAsync(http);
        await Eventually.TrueAsync(() => TextOf(http).Contains("event: relayed", StringComparison.Ordinal), Tolerances.Soon, "an event");
        Assert.Equal(1, _feeds.Count);
        await leaving.CancelAsync();
        await streaming.DefaultTimeout();

        Assert.Contains(expected, TextOf(http), StringComparison.Ordinal);
        Assert.Contains($"\"own\":\"{Own}\",\"proxies\":[\"{Own}\",\"{Other}\"]", TextOf(http), StringComparison.Ordinal);
        Assert.Equal(0, _feeds.Count);
    }

    private static DefaultHttpContext Request(string method, string path, string query = "", string body = "")
    {
        var http = new DefaultHttpContext();
        (http.Request.Method, http.Request.Path, http.Request.QueryString) = (method, path, new QueryString(query));
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        http.Response.Body = new MemoryStream();
        return http;
    }

    private static string TextOf(HttpContext http) => Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());

    private async Task<(int Status, string Body)> SendAsync(HttpContext http)
    {
        var relay = new AdminRelay(_cluster, _feeds, own => own.Response.WriteAsync("own"));
        await relay.HandleAsync(http).DefaultTimeout();
        return (http.Response.StatusCode, TextOf(http));
    }
}
