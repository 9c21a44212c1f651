using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The contents of slots change with every request; a template that lost its slot is restored, never computed again.</summary>
public sealed class SlotReuseTests(ITestOutputHelper output)
{
    private const int TemplateTokens = 2 * 512;

    /// <param name="parallel">The number of slots.</param>
    /// <param name="cacheRam">The server's RAM cache, which hides many mistakes of the proxy.</param>
    [Theory]
    [LongInlineData(1, null)]
    [InlineData(1, 0)]
    [InlineData(2, null)]
    [LongInlineData(2, 0)]
    [LongInlineData(null, null)]
    [InlineData(null, 0)]
    public async Task TemplatedQuestion_AfterRequestsThatTookItsSlot_IsNotComputedAgain(int? parallel, int? cacheRam)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        workspace.AddTemplate("@review", TemplateText.Of(2, TemplateTokens));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel) with { CacheRamMiB = cacheRam });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilWarmAsync("@code");
        await proxy.WaitUntilWarmAsync("@review");

        for (var round = 0; round < 3; round++)
        {
            await proxy.AskAsync(("user", $"Something else altogether, {round}."));
            await proxy.AskAsync(("user", $"{round} is another matter."));
            foreach (var prefix in new[] { "@code", "@review", "@code" })
            {
                var answer = await proxy.AskAsync(("user", $"{prefix} How do I do {round}?"));
                output.WriteLine($"{prefix} {answer}");
                Assert.InRange(answer.CachedTokens, TemplateTokens, answer.PromptTokens);
            }
        }
    }

    /// <summary>One request between two uses of a template: the slot list has not been read since.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    public async Task TemplatedQuestion_RightAfterARequestThatTookItsSlot_IsRestored(int? cacheRam)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { CacheRamMiB = cacheRam });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilWarmAsync("@code");

        for (var round = 0; round < 3; round++)
        {
            await proxy.AskAsync(("user", $"Something else altogether, {round}."));
            var answer = await proxy.AskAsync(("user", $"@code How do I do {round}?"));
            Assert.Equal("restored", answer.Cache);
            Assert.Equal(TemplateTokens, answer.CachedTokens);
        }
    }
}
