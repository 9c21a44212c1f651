using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Several conversations with each of several models that make room for each other, asked by turns.</summary>
internal sealed class ModelConversations
{
    private static readonly int Each = LongRun.IsOn ? 6 : 2;
    private static readonly int Turns = LongRun.IsOn ? 4 : 3;

    private readonly List<(string Model, Conversation Conversation)> _all = [];

    /// <summary>Asks the reference servers for all answers.</summary>
    public static async Task<ModelConversations> LearnAsync(IEnumerable<(string Name, int Seed)> models)
    {
        var learnt = new ModelConversations();
        foreach (var (name, seed) in models)
        {
            var reference = await ReferenceServer.OfAsync(TinyArchitecture.Llama, seed);
            for (var number = 1; number <= Each; number++)
            {
                var conversation = new Conversation((seed * 10) + number, Turns);
                await conversation.LearnAsync(reference, isContinued: true);
                learnt._all.Add((name, conversation));
            }
        }

        return learnt;
    }

    /// <summary>Asks every conversation turn by turn: every answer is the reference's, and hardly anything is computed twice.</summary>
    public Task AssertHardlyComputedTwiceAsync(TestProxy proxy, ITestOutputHelper output) =>
        AssertHardlyComputedTwiceAsync(body => proxy.SendAsync(body, CancellationToken.None), output);

    /// <summary>As above, however the requests are sent.</summary>
    public async Task AssertHardlyComputedTwiceAsync(Func<JsonObject, Task<Answer>> send, ITestOutputHelper output)
    {
        var (computed, unavoidable) = (0, 0);
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var (model, conversation) in _all)
            {
                var body = conversation.Request(turn);
                body["model"] = model;
                var answer = await send(body);
                output.WriteLine($"{turn} {model} {conversation.Number}: {answer}");
                conversation.AssertRight(turn, answer);
                computed += answer.ComputedTokens;
                unavoidable += conversation.NewTokens(turn);
            }
        }

        output.WriteLine($"computed {computed}, unavoidable {unavoidable}");
        Assert.True(computed <= Tolerances.ComputedAcrossSwaps * unavoidable, $"computed {computed}, unavoidable {unavoidable}");
    }
}
