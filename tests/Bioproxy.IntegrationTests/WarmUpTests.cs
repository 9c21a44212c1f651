using System.Diagnostics;
using Bioproxy.Host.WarmUp;
using Bioproxy.Testing;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A warm-up of several seconds, and a user who does not want to wait for it.</summary>
public sealed class WarmUpTests(ITestOutputHelper output)
{
    private const int Batch = 512;
    private const int TemplateTokens = 10 * Batch;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WarmUp_UserComesDuringIt_StepsAsideWithinABatchAndComputesOnlyTheRestLater(int parallel)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel) with { BatchSize = Batch });
        await using var proxy = await workspace.StartProxyAsync(server);

        // Progress is told after every batch; the next one is on its way already when the user comes.
        await Eventually.TrueAsync(() => Processed(proxy) >= 2 * Batch, TimeSpan.FromSeconds(30), "the warm-up is under way");
        var seen = Processed(proxy);
        var watch = Stopwatch.StartNew();
        var user = await proxy.AskAsync(("user", "And who are you?"));
        var waited = watch.Elapsed;
        Assert.Empty(proxy.WarmUps);
        Assert.True(proxy.Logged("stepped aside"));
        await proxy.WaitUntilWarmAsync("@code");

        var run = Assert.Single(proxy.WarmUps);
        var before = run.Tokens - run.Computed;
        output.WriteLine($"The user came at {seen} and waited {waited.TotalMilliseconds:0} ms; {before} tokens were computed before, {run.Computed} after.");
        Assert.Equal(TemplateTokens, run.Tokens);
        Assert.True(run.IsSaved);
        Assert.InRange(user.PromptTokens, 1, 100);

        // A batch was running when the user came, and the server hears that nobody listens to the warm-up any more when it has written that
        // one's progress: by then the next has begun (measured). So at most one batch was begun after the user's arrival.
        Assert.InRange(before, seen - 1, seen + Batch + Batch);

        var answer = await proxy.AskAsync(("user", "@code How do I reverse a string?"));
        Assert.Equal(TemplateTokens, answer.CachedTokens);
    }

    [Fact]
    public async Task WarmUp_UserAfterUser_WaitsUntilTheyAreServedAndLosesNothing()
    {
        const int Users = 5;
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { BatchSize = Batch });
        await using var proxy = await workspace.StartProxyAsync(server);
        await Eventually.TrueAsync(() => Processed(proxy) >= Batch, TimeSpan.FromSeconds(30), "the warm-up is under way");

        // While one is served the next waits already: between them no warm-up may start.
        var asked = Enumerable.Range(0, Users).Select(user => proxy.AskAsync(("user", $"I am number {user}, who are you?"))).ToList();
        await Task.WhenAll(asked).DefaultTimeout();
        Assert.Empty(proxy.WarmUps);
        Assert.Single(proxy.Log.Lines, line => line.Contains("stepped aside", StringComparison.Ordinal));

        await proxy.WaitUntilWarmAsync("@code");
        Assert.InRange(Assert.Single(proxy.WarmUps).Computed, 1, TemplateTokens - Batch + 1);
    }

    private static int Processed(TestProxy proxy) => proxy.Template("@code") is { State: WarmUpState.Running } status ? (int)Math.Round(status.Progress * TemplateTokens) : 0;
}
