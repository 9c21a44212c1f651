using System.Net;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Neither listener serves the other's paths, whatever the Host header says.</summary>
public sealed class FakeAdminTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("/health", 200)]
    [InlineData("/metrics", 501)] // a server without --metrics
    [InlineData("/status", 404)]
    [InlineData("/", 404)]
    public async Task AdminPath_OnTheProxyPort_GoesToTheBackend(string path, int status)
    {
        await using var stage = await FakeStage.StartAsync(output);
        foreach (var host in Hosts(stage))
        {
            var marker = $"from-{Guid.NewGuid():N}";
            var response = await FakeRawClient.AskAsync(
                stage.App.ProxyAddress, $"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Client: {marker}\r\nConnection: close\r\n\r\n");

            Assert.Contains(stage.Backend.Requests, r => r.Is("GET", path) && r.Header("X-Client") == marker);
            Assert.Equal(status, response.Status);
            Assert.DoesNotContain("bioproxy", response.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("GET", "/v1/models", 404)]
    [InlineData("GET", "/props", 404)]
    [InlineData("GET", "/slots", 404)]
    [InlineData("POST", "/v1/chat/completions", 405)]
    [InlineData("POST", "/health", 405)]
    [InlineData("DELETE", "/status", 405)]
    public async Task ProxyPath_OnTheAdminPort_IsNotThere(string method, string path, int status)
    {
        await using var stage = await FakeStage.StartAsync(output);
        foreach (var host in Hosts(stage))
        {
            var response = await FakeRawClient.AskAsync(stage.App.AdminAddress,
                $"{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-Client: yes\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

            Assert.Equal(host is "admin" or "evil.example:1" ? 421 : status, response.Status);
            Assert.Contains("\"src\":\"bioproxy\"", response.Text.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(stage.Backend.Requests, r => r.Header("X-Client") is not null);
    }

    [Fact]
    public async Task Health_BackendComesAndGoes_SaysSo()
    {
        await using var stage = await FakeStage.StartAsync(output);
        Assert.Equal(HttpStatusCode.OK, await HealthAsync());

        stage.Backend.Kill();
        await Eventually.TrueAsync(async () => await HealthAsync() == HttpStatusCode.ServiceUnavailable, FakeStage.Limit, "it is down");

        stage.Backend.Restart();
        await Eventually.TrueAsync(async () => await HealthAsync() == HttpStatusCode.OK, FakeStage.Limit, "it is up");

        async Task<HttpStatusCode> HealthAsync()
        {
            using var response = await stage.Admin.GetAsync(new Uri("/health", UriKind.Relative)).WaitAsync(FakeStage.Limit);
            return response.StatusCode;
        }
    }

    private static string[] Hosts(FakeStage stage) =>
        [stage.App.ProxyAddress.Authority, stage.App.AdminAddress.Authority, "localhost:8089", "admin", "evil.example:1"];
}
