using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>Compares each prompt with the recent ones to tell side requests from conversations. It remembers the openings (system messages)
/// that only side requests had: the next conversation's title is recognised before the conversation's first turn. And it remembers those
/// whose side requests repeat each other, such as notes that are taken after every turn: their states are worth keeping.</summary>
internal sealed class ConversationTracker(RecentPrompts recent)
{
    private const int MaxOpenings = 256;
    private readonly Lock _lock = new();
    private readonly HashSet<(string? Domain, ulong Opening)> _openings = [];
    private readonly HashSet<(string? Domain, ulong Opening)> _repeated = [];

    /// <summary>A request's prompt in the form in which prompts are compared, with what it is; null where nothing of it may be
    /// reused.</summary>
    /// <param name="prompt">The prompt with its edits; null when the request has none.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="canPin">The backend takes the slot that it is given.</param>
    public CanonicalPrompt? PromptOf(EditablePrompt? prompt, in Caller caller, bool canPin)
    {
        if (prompt is not { Source: { HasChain: true, Generations: 1 } })
            return null;
        var canonical = CanonicalPrompt.Build(prompt, caller.Domain, caller.Session, canPin);
        canonical.IsSessionShared = caller.SessionSource == ConversationKey.CacheKey;
        canonical.Side = Recognise(canonical, caller.IsSubAgent);
        return canonical;
    }

    /// <summary>The request no longer needs its prompt: later ones are compared with it.</summary>
    public void Keep(CanonicalPrompt prompt) => recent.Keep(prompt);

    /// <summary>Says what a prompt is, and whether it repeats others of its kind.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="isSubAgent">The client says that a sub-agent asks.</param>
    public SideKind Recognise(CanonicalPrompt prompt, bool isSubAgent)
    {
        var precedent = recent.PrecedentOf(prompt);
        var shape = prompt.Shape with { IsSubAgent = isSubAgent };
        lock (_lock)
        {
            if (precedent.SideOpening > 0)
                Remember(_openings, (prompt.Domain, precedent.SideOpening));

            if (_openings.Count > 0 && shape is { HasAnswers: false, Tools: 0 })
                shape = shape with { HasSideOpening = _openings.Contains((prompt.Domain, prompt.Opening)) };
        }

        var side = SideRequest.Of(shape, precedent);
        if (side == SideKind.None || prompt.Turns == 1)
            return side;
        var opening = (prompt.Domain, prompt.Opening);
        var isRepetition = recent.HasMostOf(prompt);
        lock (_lock)
        {
            if (isRepetition)
                Remember(_repeated, opening);
            prompt.IsRepeated = _repeated.Contains(opening);
        }

        return side;
    }

    private static void Remember(HashSet<(string?, ulong)> openings, (string?, ulong) opening)
    {
        if (openings.Count >= MaxOpenings)
            openings.Clear();
        openings.Add(opening);
    }
}
