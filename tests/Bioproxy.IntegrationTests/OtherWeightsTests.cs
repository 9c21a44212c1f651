using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// Other weights under the same file name and shape: llama-server restores their saved states and then answers wrongly without an error.
/// The proxy must prevent that, whichever side restarted.
/// </summary>
public sealed class OtherWeightsTests(ITestOutputHelper output)
{
    private const string Question = "How do I reverse a string?";

    // Whole steps of 512, so that warm and cold split alike: see RestartTests.
    private const int TemplateTokens = 2 * 512;
    private static readonly string Template = TemplateText.Of(1, TemplateTokens);

    [Fact]
    public async Task TemplatedQuestion_ServerRestartedWithOtherWeights_UsesNothingOfTheOldOnes()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(server);
        var old = await WarmAsync(proxy);
        var oldCold = await ColdAsync(workspace);
        var instance = proxy.Instance;

        await workspace.RestartAsync(server, () => workspace.UseModel(seed: 2));
        await proxy.WaitUntilRecognisedAsync(after: instance);
        var answer = await AskAsync(proxy);

        Assert.NotEqual(old, proxy.Identity);
        await AssertIsOfNewWeightsAsync(workspace, answer, oldCold);
        Assert.Equal(0, proxy.Restores);
        await AssertIsWarmedAgainAsync(workspace, proxy, old);
    }

    [Fact]
    public async Task TemplatedQuestion_ProxyRestartedOnOtherWeights_UsesNothingOfTheOldOnes()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        var before = await workspace.StartProxyAsync(server);
        var old = await WarmAsync(before);
        var oldCold = await ColdAsync(workspace);
        await before.DisposeAsync();

        server = await workspace.RestartAsync(server, () => workspace.UseModel(seed: 2));
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();
        var answer = await AskAsync(proxy);

        Assert.Contains(proxy.App.Snapshots.All, snapshot => snapshot.Fingerprint == old);
        Assert.NotEqual(old, proxy.Identity);
        await AssertIsOfNewWeightsAsync(workspace, answer, oldCold);
        Assert.Equal(0, proxy.Restores);
        await AssertIsWarmedAgainAsync(workspace, proxy, old);
    }

    [Fact]
    public async Task TemplatedQuestion_BothRestartedWithOtherWeights_UsesNothingOfTheOldOnes()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        var before = await workspace.StartProxyAsync(server);
        var old = await WarmAsync(before);
        var oldCold = await ColdAsync(workspace);

        // The machine boots: the proxy starts first, without a server behind it.
        await before.DisposeAsync();
        await server.KillAsync();
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitForBackendAsync(Host.Backends.BackendStatus.Unreachable);
        await workspace.RestartAsync(server, () => workspace.UseModel(seed: 2));
        await proxy.WaitUntilRecognisedAsync();
        var answer = await AskAsync(proxy);

        Assert.NotEqual(old, proxy.Identity);
        await AssertIsOfNewWeightsAsync(workspace, answer, oldCold);
        Assert.Equal(0, proxy.Restores);
        await AssertIsWarmedAgainAsync(workspace, proxy, old);
    }

    /// <summary>The server is replaced between two health checks: only the request itself can notice.</summary>
    /// <param name="isSlotHot">Whether the slot is believed to hold the template, or the snapshot would have to be restored.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TemplatedQuestion_OtherWeightsBetweenTwoLooks_UsesNothingOfTheOldOnes(bool isSlotHot)
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(
            server, options => options with { HealthCheckInterval = TimeSpan.FromMinutes(10) });
        var old = await WarmAsync(proxy);
        if (!isSlotHot)
            await proxy.AskAsync(("user", "Something else altogether."));
        var oldCold = await ColdAsync(workspace);
        var instance = proxy.Instance;

        await workspace.RestartAsync(server, () => workspace.UseModel(seed: 2));
        Assert.Equal(instance, proxy.Instance);
        var answer = await AskAsync(proxy);

        await AssertIsOfNewWeightsAsync(workspace, answer, oldCold);
        Assert.Equal(0, proxy.Restores);
        await AssertIsWarmedAgainAsync(workspace, proxy, old);
    }

    [Fact]
    public async Task TemplatedQuestion_OldWeightsComeBack_OldSnapshotIsUsed()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(server);
        var old = await WarmAsync(proxy);
        var instance = proxy.Instance;
        server = await workspace.RestartAsync(server, () => workspace.UseModel(seed: 2));
        await proxy.WaitUntilRecognisedAsync(after: instance);
        await proxy.WaitUntilWarmAsync("@code");
        instance = proxy.Instance;

        await workspace.RestartAsync(server, () => workspace.UseModel(seed: 1));
        await proxy.WaitUntilRecognisedAsync(after: instance);
        var answer = await AskAsync(proxy);

        Assert.Equal(old, proxy.Identity);
        Assert.Equal("restored", answer.Cache);
        Assert.Equal(TemplateTokens, answer.CachedTokens);
        Assert.InRange(ChatProbe.MaxDifference(answer.First, await ColdAsync(workspace)), 0, Tolerances.SameSplit);
        Assert.Equal(2, proxy.WarmUps.Count);
    }

    private Workspace NewWorkspace()
    {
        var workspace = new Workspace(output);
        workspace.UseModel(seed: 1);
        workspace.AddTemplate("@code", Template);
        return workspace;
    }

    private static async Task<string> WarmAsync(TestProxy proxy)
    {
        await proxy.WaitUntilWarmAsync("@code");
        return proxy.Identity!;
    }

    private static Task<Answer> AskAsync(TestProxy proxy) => proxy.AskAsync(("user", $"@code {Question}"));

    private static Task<FirstToken> ColdAsync(Workspace workspace) =>
        workspace.ColdAsync(("user", TemplateText.Expand(Template, Question)));

    private async Task AssertIsOfNewWeightsAsync(Workspace workspace, Answer answer, FirstToken ofOldWeights)
    {
        var cold = await ColdAsync(workspace);
        var difference = ChatProbe.MaxDifference(answer.First, cold);
        var fromOld = ChatProbe.MaxDifference(answer.First, ofOldWeights);
        output.WriteLine($"{answer}; from the cold answer {difference:0.0000}, from that of the old weights {fromOld:0.00}");
        Assert.InRange(difference, 0, Tolerances.SameSplit);
        Assert.True(fromOld > Tolerances.Different, $"The old weights must be seen: {fromOld}.");
    }

    private static async Task AssertIsWarmedAgainAsync(Workspace workspace, TestProxy proxy, string old)
    {
        await Eventually.TrueAsync(
            () => proxy.Identity is { } identity && identity != old, Tolerances.Soon, "the model is recognised as another one");
        await proxy.WaitUntilWarmAsync("@code", Tolerances.Soon);
        Assert.Contains(proxy.App.Snapshots.All, snapshot => snapshot.Fingerprint == proxy.Identity);
        var warm = await AskAsync(proxy);
        Assert.InRange(warm.CachedTokens, TemplateTokens, warm.PromptTokens);
        Assert.InRange(ChatProbe.MaxDifference(warm.First, await ColdAsync(workspace)), 0, Tolerances.SameSplit);
    }
}
