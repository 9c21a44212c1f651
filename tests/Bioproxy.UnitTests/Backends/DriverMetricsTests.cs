using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Backends.Drivers.LlamaServer;

namespace Bioproxy.UnitTests.Backends;

/// <summary>The metrics page of a server, by the kind of server.</summary>
public sealed class DriverMetricsTests : IAsyncDisposable
{
    private const string Page = "# TYPE llamacpp:prompt_tokens_total counter\nllamacpp:prompt_tokens_total 4\n";

    private readonly FakeBackend _server = FakeBackend.Start();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Assert.Empty(_server.Problems);
    }

    [Theory]
    [InlineData(Page, Page, 200)]
    [InlineData(null, null, 501)]
    [InlineData("", "", 200)]
    public async Task ReadMetrics_LlamaServer_IsItsPageOrWhyThereIsNone(string? page, string? expected, int status)
    {
        _server.Restart(o => o with { Metrics = page });

        var answer = await ReadAsync();

        Assert.Equal((expected, status), (answer.Value, answer.Status));
    }

    [Fact]
    public async Task ReadMetrics_PageWithoutEnd_IsRefused()
    {
        _server.Restart(o => o with { Metrics = new string('#', 1 << 20) });

        var answer = await ReadAsync();

        Assert.Null(answer.Value);
        Assert.Contains("too long", answer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadMetrics_ServerIsGone_IsAFailureAsAValue()
    {
        _server.Kill();

        Assert.True((await ReadAsync()).IsUnreachable);
    }

    [Theory]
    [InlineData(true, "/upstream/fake-model/metrics")]
    [InlineData(false, null)]
    public async Task ReadMetrics_LlamaSwap_AsksNoModelThatIsNotLoaded(bool isLoaded, string? expected)
    {
        _server.Restart(o => o with { IsLlamaSwap = true, IsLoaded = isLoaded, Metrics = Page });
        using var driver = new HostedModelDriver(TestHosts.LlamaSwap(_server.BaseAddress, TimeSpan.FromSeconds(5)), "fake-model");

        var answer = await driver.ReadMetricsAsync(default).DefaultTimeout();

        Assert.Equal(isLoaded, answer.IsSuccess);
        var asked = _server.Requests.Select(static request => request.Target);
        Assert.Equal(expected, asked.SingleOrDefault(static target => target.Contains("metrics", StringComparison.Ordinal)));
    }

    private async Task<BackendAnswer<string>> ReadAsync()
    {
        using var driver = new LlamaServerDriver(_server.BaseAddress, TimeSpan.FromSeconds(5), null);
        return await driver.ReadMetricsAsync(default).DefaultTimeout();
    }
}
