using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Preambles;

/// <summary>A prompt prefix that several conversations of one domain share: system message and tools, and what a template puts before the
/// question.</summary>
internal sealed class Preamble(PromptCut cut, string? domain)
{
    public PromptCut Cut => cut;

    public PromptChain Chain { get; } = PromptChain.Of(cut.Text);

    /// <summary>The only domain that may use it. Null: open to all.</summary>
    public string? Domain => domain;

    /// <summary>Its name for people: it says nothing of the text.</summary>
    public string Name => $"preamble {Chain.End.ToString()[..8]}";

    /// <summary>Conversations that began with it.</summary>
    public int Uses { get; set; } = 2;

    /// <summary>Counts up with every use of any preamble.</summary>
    public long LastUsed { get; set; }
}
