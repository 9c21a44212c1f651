using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>A KV state on disk, as its sidecar describes it. Immutable.</summary>
/// <param name="File">The file's name in the slot folder of its place.</param>
/// <param name="Trigger">The trigger of the template it holds; empty for a conversation and a preamble.</param>
/// <param name="Fingerprint">What it is valid for.</param>
/// <param name="Tokens">Tokens it holds.</param>
/// <param name="TokensHash">A hash of those tokens: the template's version; empty for a conversation.</param>
/// <param name="Bytes">The file's size as reported by the server.</param>
/// <param name="Created">When it was saved.</param>
/// <param name="Chain">The canonical text it stands for; a conversation's state holds the answer to it as well.</param>
internal sealed record Snapshot(
    string File, string Trigger, string Fingerprint, int Tokens, string TokensHash, long Bytes, DateTimeOffset Created, PromptChain Chain)
{
    /// <summary>Where its file is; see <see cref="SlotPlaces"/>.</summary>
    public string Place { get; init; } = "";

    /// <summary>The only domain that may use it. Null: open to all.</summary>
    public string? Domain { get; init; }

    /// <summary>Tokens of <see cref="Chain"/>: those it promises to save.</summary>
    public int PromptTokens { get; init; } = Tokens;

    /// <summary>Turns of the conversation.</summary>
    public int Turns { get; init; } = 1;

    /// <summary>The file of the older state that this conversation was continued from, and that it replaces. Null: none.</summary>
    public string? Replaces { get; init; }

    /// <summary>It holds what several conversations begin with, and nothing else.</summary>
    public bool IsPreamble { get; init; }

    public bool IsConversation => Trigger.Length == 0 && !IsPreamble;

    /// <summary>What a slot remembers of it whose content starts with it.</summary>
    public SavedPrefix SavedPrefix => new(File, Tokens, Chain, IsConversation);

    /// <summary>Its name for people and metrics: a closed set.</summary>
    public string Label => IsPreamble ? PreambleLabel : IsConversation ? "conversation" : Trigger;

    public const string PreambleLabel = "preamble";
}
