using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>What a slot is believed to hold.</summary>
/// <param name="Chain">The prompt whose prefix it holds.</param>
/// <param name="Coverage">How much of it, from 0 to 1: an evaluation that was stopped leaves a part.</param>
/// <param name="IsSaved">A snapshot on disk holds all of it, so nothing is lost when it is overwritten.</param>
internal sealed record SlotContent(PromptChain Chain, double Coverage, bool IsSaved)
{
    /// <summary>Content that no prompt starts with: left by a question of our own.</summary>
    public static SlotContent Nothing { get; } = new(PromptChain.Of([]), 1, IsSaved: true);

    /// <summary>Bytes of canonical text it stands for.</summary>
    public int Length => Coverage >= 1 ? Chain.Length : (int)(Coverage * Chain.Length);

    /// <summary>The isolation domain it belongs to; only that domain may reuse it. Null is open to everybody.</summary>
    public string? Domain { get; init; }

    /// <summary>The client's name for the conversation; null when it gave none.</summary>
    public string? Session { get; init; }

    /// <summary>The number of tools that its prompt had.</summary>
    public int Tools { get; init; }

    /// <summary>See <see cref="CanonicalPrompt.Opening"/>; 0 for contents without a session, too.</summary>
    public ulong Opening { get; init; }

    /// <summary>See <see cref="CanonicalPrompt.FirstMessage"/>; 0 for contents without a session, too.</summary>
    public ulong FirstMessage { get; init; }

    /// <summary>What it was beside a conversation; <see cref="SideKind.None"/> for conversations, however short.</summary>
    public SideKind Side { get; init; }

    /// <summary>A conversation's turn, long enough to be kept.</summary>
    public bool IsConversation => !IsSide && Side == SideKind.None;

    /// <summary>A side request of a kind that repeats its earlier ones: it is kept on disk, and not in its slot.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>Tokens in the slot, including the answer's; 0 when the answer did not report them.</summary>
    public int Tokens { get; init; }

    /// <summary>Of these, tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>The snapshot that holds a complete prefix of it; null when there is none.</summary>
    public SavedPrefix? Saved { get; init; }

    /// <summary>Turns of the conversation; 1 for its first prompt, 0 for a template, which the warm-up saves itself.</summary>
    public int Turns { get; init; } = 1;

    /// <summary>Not worth keeping: too short, or a request beside a conversation (a title, tags, a summary).</summary>
    public bool IsSide { get; init; }

    /// <summary>Seconds on the proxy's clock when it was last used.</summary>
    public double UsedAt { get; init; }

    /// <summary>It is complete, and no snapshot holds all of it.</summary>
    public bool IsUnsaved => !IsSaved && Coverage >= 1;

    /// <summary>Whether a client of this domain may reuse it.</summary>
    public bool IsOpenTo(string? domain) => Domain is null || Domain == domain;

    /// <summary>The server reused more for it than anything known explains: it must not become a snapshot.</summary>
    public bool IsUnexplained { get; init; }
}
