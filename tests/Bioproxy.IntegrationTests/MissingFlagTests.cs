using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.WarmUp;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// A server that was started without a flag the proxy needs: everything works without it, and status, log and check name it.
/// </summary>
public sealed class MissingFlagTests(ITestOutputHelper output)
{
    private const string Question = "How do I reverse a string?";
    private const int TemplateTokens = 2 * 512;
    private static readonly string Template = TemplateText.Of(1, TemplateTokens);

    [Fact]
    public async Task Server_WithoutSlotSavePath_TemplateIsKeptInItsSlotAndTheFlagIsNamed()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2) with { SlotSavePath = null });
        await using var proxy = await workspace.StartProxyAsync(server);
        await Eventually.TrueAsync(
            () => proxy.Template("@code").State == WarmUpState.Computed, DefaultTimeoutExtensions.Limit, "the template is computed");

        var answer = await AssertWorksAsync(workspace, proxy);
        Assert.Equal("hot", answer.Cache);
        Assert.Equal(TemplateTokens, answer.CachedTokens);
        await AssertToldAsync(workspace, proxy, "--slot-save-path");
    }

    [Fact]
    public async Task Server_WithoutSlots_RequestsAreExpandedAndQueuedAndTheFlagIsNamed()
    {
        await using var workspace = NewWorkspace();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { ExtraArguments = ["--no-slots"] });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitForBackendAsync(BackendStatus.Ready);

        var answer = await AssertWorksAsync(workspace, proxy);
        Assert.Equal("cold", answer.Cache);
        Assert.Equal("auto", answer.Slot);
        await AssertToldAsync(workspace, proxy, "--no-slots");
        Assert.Contains("--no-slots", proxy.Template("@code").Problem, StringComparison.Ordinal);
        Assert.Empty(proxy.App.Snapshots.All);
    }

    private Workspace NewWorkspace()
    {
        var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", Template);
        return workspace;
    }

    /// <summary>Asserts that expansion, queue and answers work.</summary>
    private static async Task<Answer> AssertWorksAsync(Workspace workspace, TestProxy proxy)
    {
        var answer = await proxy.AskAsync(("user", $"@code {Question}"));
        var cold = await workspace.ColdAsync(("user", TemplateText.Expand(Template, Question)));
        Assert.Equal(cold.PromptTokens, answer.PromptTokens);
        Assert.InRange(ChatProbe.MaxDifference(answer.First, cold), 0, Tolerances.SameSplit);

        var many = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(number => proxy.AskAsync(("user", $"@code {number}?")))).DefaultTimeout();
        Assert.All(many, each => Assert.InRange(each.PromptTokens, TemplateTokens, TemplateTokens + 100));
        await proxy.WaitUntilIdleAsync();
        return answer;
    }

    private async Task AssertToldAsync(Workspace workspace, TestProxy proxy, string flag)
    {
        var status = await proxy.StatusAsync();
        Assert.Contains(flag, (string?)status["backend"]!["facts"]!["missing"], StringComparison.Ordinal);
        Assert.Contains(
            proxy.Log.Lines, line => line.Contains("Warning", StringComparison.Ordinal) && line.Contains(flag, StringComparison.Ordinal));

        var (code, said) = await BioproxyProcess.RunAsync("check", "--config", workspace.ConfigFile);
        output.WriteLine(said);
        Assert.Equal(0, code);
        Assert.Contains(flag, said, StringComparison.Ordinal);
    }
}
