using Bioproxy.Doubles;
using Bioproxy.Host.WarmUp;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The proxy is restarted and the server is not.</summary>
public sealed class ProxyRestartTests(ITestOutputHelper output)
{
    private const int TemplateTokens = 2 * 512;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(null)]
    public async Task Proxy_Restarted_FindsItsSnapshotsAndComputesNothing(int? parallel)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        workspace.AddTemplate("@review", TemplateText.Of(2, TemplateTokens));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel) with { CacheRamMiB = 0 });
        var before = await workspace.StartProxyAsync(server);
        await before.WaitUntilWarmAsync("@code");
        await before.WaitUntilWarmAsync("@review");
        var identity = before.Identity;
        await before.DisposeAsync();

        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();
        Assert.Equal(identity, proxy.Identity);
        foreach (var prefix in new[] { "@code", "@review" })
        {
            var answer = await proxy.AskAsync(("user", $"{prefix} How do I reverse a string?"));
            Assert.Contains(answer.Cache, new[] { "restored", "hot" });
            Assert.Equal(TemplateTokens, answer.CachedTokens);
        }

        await Eventually.TrueAsync(
            () => proxy.App.WarmUps.All(status => status.State == WarmUpState.Warm), Tolerances.Soon, "both are warm");
        Assert.Empty(proxy.WarmUps);
    }
}
