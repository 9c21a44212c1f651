using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>What outlives that a model makes room for another one, and what must not.</summary>
public sealed class SwappedModelsTests(ITestOutputHelper output)
{
    private static readonly int Conversations = LongRun.IsOn ? 6 : 2;
    private static readonly int Turns = LongRun.IsOn ? 4 : 3;

    [Theory]
    [InlineData("router")]
    [InlineData("llama-swap")]
    public async Task Conversations_OfTwoModelsByTurns_AreHardlyComputedTwice(string kind)
    {
        await using var workspace = new Workspace(output);
        await using var models = await TwoModels.StartAsync(kind, workspace);
        var conversations = new List<(string Model, Conversation Conversation)>();
        foreach (var name in TwoModels.Names)
        {
            var reference = await ReferenceServer.OfAsync(TinyArchitecture.Llama, SwapServer.SeedOf(name));
            for (var number = 1; number <= Conversations; number++)
            {
                var conversation = new Conversation((SwapServer.SeedOf(name) * 10) + number, Turns);
                await conversation.LearnAsync(reference, isContinued: true);
                conversations.Add((name, conversation));
            }
        }

        var (computed, unavoidable) = (0, 0);
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var (name, conversation) in conversations)
            {
                var body = conversation.Request(turn);
                body["model"] = name;
                var answer = await models.Proxy.SendAsync(body, CancellationToken.None);
                output.WriteLine($"{turn} {name} {conversation.Number}: {answer}");
                conversation.AssertRight(turn, answer);
                computed += answer.ComputedTokens;
                unavoidable += conversation.NewTokens(turn);
            }
        }

        output.WriteLine($"computed {computed}, unavoidable {unavoidable}");
        Assert.True(computed <= Tolerances.ComputedAgain * unavoidable, $"computed {computed}, unavoidable {unavoidable}");
    }

    [Theory]
    [InlineData("router")]
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
