using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Slots;

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
}
