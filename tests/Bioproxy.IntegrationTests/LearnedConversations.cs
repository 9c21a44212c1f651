using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>Three conversations of three turns, with what a cold server answers: learned once for all tests of a class.</summary>
public sealed class LearnedConversations : IAsyncLifetime
{
    private readonly List<Conversation> _all = [.. Enumerable.Range(1, 3).Select(number => new Conversation(number, turns: 3))];

    internal Conversation One => _all[0];

    internal Conversation Other => _all[1];

    internal Conversation Third => _all[2];

    public async Task InitializeAsync()
    {
        await using var server = await LlamaServer.StartAsync(new LlamaServerOptions { ModelPath = TinyModel.Ensure(TinyArchitecture.Llama, 1, TinySize.Small), Parallel = 1, CacheRamMiB = 0 }, CancellationToken.None).DefaultTimeout();
        foreach (var conversation in _all)
            await conversation.LearnAsync(server.Client, isCold: true);
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
