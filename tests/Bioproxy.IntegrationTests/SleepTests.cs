using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// A server started with --sleep-idle-seconds unloads its model when idle and loses all slots; when it wakes, it loads whatever file is at
/// the model's path. Health checks must not keep it awake.
/// </summary>
public sealed class SleepTests(ITestOutputHelper output)
{
    private const string Question = "How do I reverse a string?";
    private const int TemplateTokens = 2 * 512;
    private static readonly string Template = TemplateText.Of(1, TemplateTokens);

    [Fact]
    public async Task Server_ProxyWithTemplatesRuns_FallsAsleepAndAnswersRightWhenAsked()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(Sleeping(workspace));
        await using var proxy = await workspace.StartProxyAsync(
            server, options => options with { WarmUpCheckInterval = TimeSpan.FromMilliseconds(300) });
        await WakeAndWarmAsync(proxy);

        await proxy.WaitForBackendAsync(BackendStatus.Sleeping);
        var woken = await AskAsync(proxy);
        await proxy.WaitUntilRecognisedAsync();
        var awake = await AskAsync(proxy);

        var cold = await ColdAsync(workspace);
        Assert.InRange(ChatProbe.MaxDifference(woken.First, cold), 0, Tolerances.SameSplit);
        Assert.InRange(ChatProbe.MaxDifference(awake.First, cold), 0, Tolerances.SameSplit);
        Assert.InRange(awake.CachedTokens, TemplateTokens, awake.PromptTokens);
        Assert.Single(proxy.WarmUps);

        // And again: none of this keeps it awake.
        await proxy.WaitForBackendAsync(BackendStatus.Sleeping);
    }

    [Fact]
    public async Task TemplatedQuestion_OtherWeightsWhileAsleep_UsesNothingOfTheOldOnes()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(Sleeping(workspace));
        await using var proxy = await workspace.StartProxyAsync(server);
        await WakeAndWarmAsync(proxy);
        var old = proxy.Identity;

        await proxy.WaitForBackendAsync(BackendStatus.Sleeping);
        workspace.UseModel(seed: 2);
        var answer = await AskAsync(proxy);

        Assert.InRange(ChatProbe.MaxDifference(answer.First, await ColdAsync(workspace)), 0, Tolerances.SameSplit);
        Assert.Equal(0, proxy.Restores);
        await Eventually.TrueAsync(() => proxy.App.Snapshots.All.Any(snapshot => snapshot.Fingerprint != old), Tolerances.Soon,
            "the template is warmed for the new weights");
    }

    /// <summary>No health check saw the server sleep: its process and its random marker are the same, and task numbers continue.</summary>
    /// <param name="isWokenBefore">Whether another request through the proxy wakes it first.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TemplatedQuestion_OtherWeightsWhileAsleepUnseen_UsesNothingOfTheOldOnes(bool isWokenBefore)
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(Sleeping(workspace));
        await using var proxy = await workspace.StartProxyAsync(
            server, options => options with { HealthCheckInterval = TimeSpan.FromMinutes(10) });
        await WakeAndWarmAsync(proxy);
        await proxy.AskAsync(("user", "Something else altogether.")); // so that the template has to be restored

        await Eventually.TrueAsync(() => IsAsleepAsync(server), Tolerances.Soon, "the server sleeps");
        workspace.UseModel(seed: 2);
        if (isWokenBefore)
            await proxy.AskAsync(("user", "Good morning."));
        var answer = await AskAsync(proxy);

        Assert.InRange(ChatProbe.MaxDifference(answer.First, await ColdAsync(workspace)), 0, Tolerances.SameSplit);
        Assert.Equal(0, proxy.Restores);
    }

    private Workspace NewWorkspace()
    {
        var workspace = new Workspace(output);
        workspace.UseModel(seed: 1);
        workspace.AddTemplate("@code", Template);
        return workspace;
    }

    /// <summary>On a busy machine the server may sleep before the first health check, and a warm-up alone does not wake it.</summary>
    private static async Task WakeAndWarmAsync(TestProxy proxy)
    {
        await proxy.AskAsync(("user", "Good morning."));
        await proxy.WaitUntilWarmAsync("@code", Tolerances.Soon);
    }

    private static LlamaServerOptions Sleeping(Workspace workspace) => workspace.ServerOptions(parallel: 1) with
    {
        ExtraArguments = ["--sleep-idle-seconds", "2"],
    };

    private static Task<Answer> AskAsync(TestProxy proxy) => proxy.AskAsync(("user", $"@code {Question}"));

    private static Task<FirstToken> ColdAsync(Workspace workspace) =>
        workspace.ColdAsync(("user", TemplateText.Expand(Template, Question)));

    private static async Task<bool> IsAsleepAsync(LlamaServer server)
    {
        var props = JsonNode.Parse(await server.Client.GetStringAsync(new Uri("/props", UriKind.Relative)).DefaultTimeout())!;
        return (bool)props["is_sleeping"]!;
    }
}
