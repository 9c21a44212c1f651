using System.Text;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Dashboard.Relay;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>A proxy answers for the page of another one.</summary>
public sealed class RelayedRequestsTests
{
    private readonly List<HttpContext> _asked = [];
    private byte[] _answer = Encoding.UTF8.GetBytes("{}");

    [Fact]
    public async Task Request_ThatMayBeRelayed_IsAnsweredByTheEndpoints()
    {
        var reply = await AnswerAsync("POST", "/kv/pin", "?file=a%20b&pinned=false", "{}");

        var asked = Assert.Single(_asked).Request;
        Assert.Equal(("POST", "/kv/pin", "a b"), (asked.Method, asked.Path.Value, asked.Query["file"].ToString()));
        Assert.Equal("application/json", asked.ContentType);
        Assert.Empty(asked.Headers.Keys.Except(["Content-Type", "Content-Length"]));
        Assert.Equal((418, "text/plain", "{}"), (reply.Status, reply.ContentType, Encoding.UTF8.GetString(reply.Body)));
    }

    [Theory]
    [InlineData("GET", "/token")]
    [InlineData("POST", "/try/v1/chat/completions")]
    [InlineData("GET", "/cluster/10.0.0.7:11111/status")]
    public async Task Request_ThatMayNotBeRelayed_DoesNotReachTheEndpoints(string method, string path)
    {
        var reply = await AnswerAsync(method, path);

        Assert.Equal(404, reply.Status);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Answer_AboveTheLimit_IsAnErrorInItsPlace()
    {
        _answer = new byte[RelayedRequests.LongestAnswer];
        Assert.Equal(_answer.Length, (await AnswerAsync("GET", "/kv")).Body.Length);

        _answer = new byte[RelayedRequests.LongestAnswer + 1];
        var reply = await AnswerAsync("GET", "/kv");

        Assert.Equal(502, reply.Status);
        Assert.Contains("answer_too_long", Encoding.UTF8.GetString(reply.Body), StringComparison.Ordinal);
    }

    private Task<AdminReply> AnswerAsync(string method, string path, string query = "", string body = "")
    {
        var requests = new RelayedRequests(
            async http =>
            {
                _asked.Add(http);
                (http.Response.StatusCode, http.Response.ContentType) = (418, "text/plain");
                await http.Response.Body.WriteAsync(_answer);
            },
            NullLogger<RelayedRequests>.Instance);
        var request = new AdminRequest
        {
            Proxy = "10.0.0.6:11111",
            Method = method,
            Path = path,
            Query = query,
            ContentType = "application/json",
            Body = Encoding.UTF8.GetBytes(body),
        };
        return requests.AnswerAsync(request, CancellationToken.None);
    }
}
