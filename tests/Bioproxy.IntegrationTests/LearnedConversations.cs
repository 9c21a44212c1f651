using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>Three conversations of three turns, with the answers of the reference server.</summary>
public sealed class LearnedConversations : IAsyncLifetime
{
    private readonly List<Conversation> _all = [.. Enumerable.Range(1, 3).Select(number => new Conversation(number, turns: 3))];

    internal Conversation One => _all[0];

    internal Conversation Other => _all[1];

    internal Conversation Third => _all[2];

    public async Task InitializeAsync()
    {
        var reference = await ReferenceServer.OfAsync(TinyArchitecture.Llama);
        foreach (var conversation in _all)
            await conversation.LearnAsync(reference, isContinued: false);
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
