using Bioproxy.Host.Models;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Routing;

/// <summary>
/// Which place served a conversation last. For places without slots this is all that is known of their caches: among those that are as good
/// as each other a conversation stays where it was.
/// </summary>
internal sealed class ConversationAffinity
{
    /// <summary>Conversations that are remembered; comparing a prompt with all of them takes some microseconds.</summary>
    private const int Most = 512;

    private readonly Lock _lock = new();
    private readonly Turn?[] _turns = new Turn?[Most];
    private int _next;

    /// <summary>The place that served the conversation's last turn; null where that is not known.</summary>
    public ServedModel? PlaceOf(CanonicalPrompt prompt)
    {
        var (place, longest) = ((ServedModel?)null, 0);
        lock (_lock)
        {
            for (var back = 1; back <= Most; back++)
            {
                if (_turns[(_next - back + Most) % Most] is not { } turn || turn.Domain != prompt.Domain)
                    continue;
                if (turn.Session is { } session && session == prompt.Session && !prompt.IsSessionShared)
                    return turn.Place;
                if (turn.Chain.Length > longest && prompt.StartsWith(turn.Chain))
                    (place, longest) = (turn.Place, turn.Chain.Length);
            }
        }

        return place;
    }

    /// <summary>A turn is about to be served.</summary>
    public void Remember(CanonicalPrompt prompt, ServedModel place)
    {
        var turn = new Turn(prompt.Chain, prompt.Domain, prompt.Session, place);
        lock (_lock)
        {
            _turns[_next] = turn;
            _next = (_next + 1) % Most;
        }
    }

    private sealed record Turn(PromptChain Chain, string? Domain, string? Session, ServedModel Place);
}
