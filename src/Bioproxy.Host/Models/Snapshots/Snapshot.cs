using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>A KV state on disk, as its sidecar describes it. Immutable.</summary>
/// <param name="File">The file's name in llama-server's slot folder.</param>
/// <param name="Prefix">The template it holds; empty for a conversation.</param>
/// <param name="Identity">What it is valid for.</param>
/// <param name="Tokens">Tokens it holds.</param>
/// <param name="TokensHash">A hash of those tokens: the template's version; empty for a conversation.</param>
/// <param name="Bytes">The file's size as the server reported it.</param>
/// <param name="Created">When it was saved.</param>
/// <param name="Chain">The canonical text it stands for; a conversation's state holds the answer to it as well.</param>
internal sealed record Snapshot(string File, string Prefix, string Identity, int Tokens, string TokensHash, long Bytes, DateTimeOffset Created, PromptChain Chain)
{
    /// <summary>Whose it is: nobody else may read it. Null is anybody's.</summary>
    public string? Domain { get; init; }

    /// <summary>Tokens of <see cref="Chain"/>: those it promises to save.</summary>
    public int PromptTokens { get; init; } = Tokens;

    /// <summary>Turns of the conversation.</summary>
    public int Turns { get; init; } = 1;

    public bool IsConversation => Prefix.Length == 0;

    /// <summary>What a slot remembers of it whose content begins with it.</summary>
    public SavedPrefix SavedPrefix => new(File, Tokens, Chain, IsConversation);

    /// <summary>Its name for people and metrics: a closed set.</summary>
    public string Label => IsConversation ? "conversation" : Prefix;
}
