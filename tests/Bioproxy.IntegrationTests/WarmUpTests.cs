using System.Diagnostics;
using Bioproxy.Doubles;
using Bioproxy.Host.WarmUp;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A warm-up of several seconds, and a user who comes in the middle of it.</summary>
[Collection(RunsAlone.Name)]
public sealed class WarmUpTests(ITestOutputHelper output)
{
    /// <summary>The proxy computes a template in steps of this many tokens; the server's batches are four times as large.</summary>
    private const int Step = 512;
    private const int TemplateTokens = 10 * Step;

    [Theory]
    [InlineData("Llama", 1)]
    [LongInlineData("Llama", 2)]
    [InlineData("Gemma3", 1)]
    [LongInlineData("Mamba", 1)]
    [InlineData("Mamba", null)]
    public async Task WarmUp_UserComesDuringIt_StepsAsideWithinAStepAndComputesOnlyTheRestLater(string architecture, int? parallel)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(Enum.Parse<TinyArchitecture>(architecture));
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel));
        await using var proxy = await workspace.StartProxyAsync(server);

        // Progress is reported after every step; the next step has already been sent when the user comes.
        await Eventually.TrueAsync(() => Processed(proxy) >= 2 * Step, DefaultTimeoutExtensions.Limit, "the warm-up is under way");
        var seen = Processed(proxy);
        var watch = Stopwatch.StartNew();
        var user = await proxy.AskAsync(("user", "And who are you?"));
        var waited = watch.Elapsed;
        Assert.Empty(proxy.WarmUps);
        await proxy.WaitForLogAsync("gave way");
        await proxy.WaitUntilWarmAsync("@code");

        var run = Assert.Single(proxy.WarmUps);
        var before = run.Tokens - run.Computed;
        output.WriteLine(
            $"The user came at {seen} and waited {waited.TotalMilliseconds:0} ms; {before} tokens were computed before, {run.Computed} "
            + $"after.");
        Assert.Equal(TemplateTokens, run.Tokens);
        Assert.True(run.IsSaved);
        Assert.InRange(user.PromptTokens, 1, 100);

        // One step was running when the user came, and none was started after that.
        Assert.InRange(before, seen - Tolerances.RollbackTokens, seen + Step);
        Assert.False(proxy.Logged(" failed"));

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
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(server);
        await Eventually.TrueAsync(() => Processed(proxy) >= Step, DefaultTimeoutExtensions.Limit, "the warm-up is under way");

        // While one is served the next already waits, so no warm-up may start between them.
        var asked = Enumerable.Range(0, Users).Select(user => proxy.AskAsync(("user", $"I am number {user}, who are you?"))).ToList();
        await Task.WhenAll(asked).DefaultTimeout();
        Assert.Empty(proxy.WarmUps);
        Assert.Single(proxy.Log.Lines, line => line.Contains("gave way", StringComparison.Ordinal));

        await proxy.WaitUntilWarmAsync("@code");
        Assert.InRange(Assert.Single(proxy.WarmUps).Computed, 1, TemplateTokens - Step + Tolerances.RollbackTokens);
    }

    private static int Processed(TestProxy proxy) =>
        proxy.Template("@code") is { State: WarmUpState.Running } status ? (int)Math.Round(status.Progress * TemplateTokens) : 0;
}
