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

    /// <summary>Called with a domain, an opening that only side requests have, and whether these repeat each other, when that was found out
    /// here; without a lock.</summary>
    public Action<string?, ulong, bool>? Learned { get; set; }

    /// <summary>Another proxy has found out an opening.</summary>
    public void Merge(string? domain, ulong opening, bool isRepeated)
    {
        lock (_lock)
            Remember(isRepeated ? _repeated : _openings, (domain, opening));
    }

    /// <summary>Says what a prompt is that came through another proxy, whose requests of this model are all known here. What that proxy
    /// says counts where no earlier prompt is: it may know one that went to another server.</summary>
    public void RecogniseOther(CanonicalPrompt prompt)
    {
        var (side, isRepeated) = (prompt.Side, prompt.IsRepeated);
        prompt.IsRepeated = false;
        prompt.Side = Recognise(prompt, side == SideKind.SubAgent, out var precedent);
        if (prompt.Side == SideKind.None && precedent == PrecedentKind.None)
            prompt.Side = side;
        prompt.IsRepeated |= isRepeated && prompt.Side == side;
    }

    /// <summary>The request no longer needs its prompt: later ones are compared with it.</summary>
    public void Keep(CanonicalPrompt prompt) => recent.Keep(prompt);

    /// <summary>Says what a prompt is, and whether it repeats others of its kind.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="isSubAgent">The client says that a sub-agent asks.</param>
    public SideKind Recognise(CanonicalPrompt prompt, bool isSubAgent) => Recognise(prompt, isSubAgent, out _);

    private SideKind Recognise(CanonicalPrompt prompt, bool isSubAgent, out PrecedentKind kind)
    {
        var precedent = recent.PrecedentOf(prompt);
        kind = precedent.Kind;
        var shape = prompt.Shape with { IsSubAgent = isSubAgent };
        var isNew = false;
        lock (_lock)
        {
            if (precedent.SideOpening > 0)
                isNew = Remember(_openings, (prompt.Domain, precedent.SideOpening));

            if (_openings.Count > 0 && shape is { HasAnswers: false, Tools: 0 })
                shape = shape with { HasSideOpening = _openings.Contains((prompt.Domain, prompt.Opening)) };
        }

        if (isNew)
            Learned?.Invoke(prompt.Domain, precedent.SideOpening, false);
        var side = SideRequest.Of(shape, precedent);
        if (side == SideKind.None || prompt.Turns == 1)
            return side;
        var opening = (prompt.Domain, prompt.Opening);
        var isRepetition = recent.HasMostOf(prompt);
        lock (_lock)
        {
            isNew = isRepetition && Remember(_repeated, opening);
            prompt.IsRepeated = _repeated.Contains(opening);
        }

        if (isNew)
            Learned?.Invoke(prompt.Domain, prompt.Opening, true);
        return side;
    }

    /// <returns>Whether it is news.</returns>
    private static bool Remember(HashSet<(string?, ulong)> openings, (string?, ulong) opening)
    {
        if (openings.Contains(opening))
            return false;
        if (openings.Count >= MaxOpenings)
            openings.Clear();
        return openings.Add(opening);
    }
}
