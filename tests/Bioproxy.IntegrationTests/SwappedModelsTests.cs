using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>What outlives that a model makes room for another one, and what must not.</summary>
public sealed class SwappedModelsTests(ITestOutputHelper output)
{
    [Theory]
    [LongInlineData("router")]
    [InlineData("llama-swap")]
    public async Task Conversations_OfTwoModelsByTurns_AreHardlyComputedTwice(string kind)
    {
        await using var workspace = new Workspace(output);
        await using var models = await TwoModels.StartAsync(kind, workspace);
        var conversations = await ModelConversations.LearnAsync(TwoModels.Names.Select(static name => (name, SwapServer.SeedOf(name))));

        await conversations.AssertHardlyComputedTwiceAsync(models.Proxy, output);
    }

    [Theory]
    [LongInlineData("router")]
    [InlineData("llama-swap")]
    [InlineData("pool")]
    public async Task SameFileNameOtherWeights_WhileItWasNotLoaded_NothingOfTheOldOnesIsUsed(string kind)
    {
        const int NewSeed = 3;
        await using var workspace = new Workspace(output);
        await using var models = await TwoModels.StartAsync(kind, workspace);
        var question = ("user", TemplateText.Words(seed: 1, length: 700));
        var old = await models.AskAsync("alpha", question);
        await models.AskAsync("beta", question); // alpha makes room, and is saved before
        Assert.Contains(models.Proxy.App.Snapshots.All, snapshot => snapshot.Tokens >= old.PromptTokens);

        models.Replace("alpha", NewSeed);
        var answer = await models.AskAsync("alpha", question);

        output.WriteLine($"{kind}: {answer}");
        Assert.Equal("cold", answer.Cache);
        Assert.InRange(answer.CachedTokens, 0, 8); // what every chat begins with
        var reference = await ReferenceServer.OfAsync(TinyArchitecture.Llama, NewSeed);
        Assert.InRange(ChatProbe.MaxDifference(answer.First, await reference.FirstTokenAsync(question)), 0, Tolerances.OtherSplit);
        Assert.True(ChatProbe.MaxDifference(answer.First, old.First) > Tolerances.Different, "The old weights must be seen.");
        Assert.Equal(0, models.Proxy.Restores);
    }
}
