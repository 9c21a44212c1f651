using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>What a slot is believed to hold.</summary>
/// <param name="Chain">The prompt whose beginning it holds.</param>
/// <param name="Coverage">How much of it, from 0 to 1: a stopped evaluation leaves a part.</param>
/// <param name="IsSaved">A snapshot on disk holds all of it, so nothing is lost when it is overwritten.</param>
internal sealed record SlotContent(PromptChain Chain, double Coverage, bool IsSaved)
{
    /// <summary>What no prompt begins with: left by a question of our own.</summary>
    public static SlotContent Nothing { get; } = new(PromptChain.Of([]), 1, IsSaved: true);

    /// <summary>Bytes of canonical text it stands for.</summary>
    public int Length => Coverage >= 1 ? Chain.Length : (int)(Coverage * Chain.Length);

    /// <summary>Whose it is: nobody else may reuse it. Null is anybody's.</summary>
    public string? Domain { get; init; }

    /// <summary>What the client called the conversation; null when it did not.</summary>
    public string? Session { get; init; }

    /// <summary>Tokens in the slot, the answer's among them; 0 when the answer did not tell.</summary>
    public int Tokens { get; init; }

    /// <summary>Of these, tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>The snapshot that holds a whole beginning of it; null when none does.</summary>
    public SavedBeginning? Saved { get; init; }

    /// <summary>Turns of the conversation; 1 for its first prompt, 0 for a template, which is the warm-up's to save.</summary>
    public int Turns { get; init; } = 1;

    /// <summary>Too short to be worth anything (titles, tags).</summary>
    public bool IsSide { get; init; }

    /// <summary>Seconds on the proxy's clock when it was last used.</summary>
    public double UsedAt { get; init; }
}
