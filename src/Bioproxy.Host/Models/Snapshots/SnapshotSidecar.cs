using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>The file beside the state that describes a snapshot. It holds hashes, no text.</summary>
internal sealed record SnapshotSidecar
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required string File { get; init; }
    public required string Prefix { get; init; }
    public required string Identity { get; init; }
    public int Tokens { get; init; }
    public required string TokensHash { get; init; }
    public long Bytes { get; init; }
    public DateTimeOffset Created { get; init; }
    public int TextLength { get; init; }
    public required string[] Blocks { get; init; }
    public required string End { get; init; }
    public uint? TailCheck { get; init; }

    // What templates have no use for; sidecars of versions before these members are read as theirs.
    public string? Domain { get; init; }
    public int? PromptTokens { get; init; }
    public int? Turns { get; init; }

    public static SnapshotSidecar Of(Snapshot snapshot) => new()
    {
        File = snapshot.File,
        Prefix = snapshot.Prefix,
        Identity = snapshot.Identity,
        Tokens = snapshot.Tokens,
        TokensHash = snapshot.TokensHash,
        Bytes = snapshot.Bytes,
        Created = snapshot.Created,
        TextLength = snapshot.Chain.Length,
        Blocks = [.. snapshot.Chain.Blocks.Select(b => b.ToString())],
        End = snapshot.Chain.End.ToString(),
        TailCheck = snapshot.Chain.TailCheck,
        Domain = snapshot.Domain,
        PromptTokens = snapshot.IsConversation ? snapshot.PromptTokens : null,
        Turns = snapshot.IsConversation ? snapshot.Turns : null,
    };

    /// <exception cref="FormatException">The sidecar contradicts itself or is of another version.</exception>
    public Snapshot ToSnapshot()
    {
        if (Version != CurrentVersion || Tokens <= 0 || TextLength <= 0 || Blocks.Length != TextLength / PromptChain.BlockSize)
            throw new FormatException("its members do not fit together");
        return new Snapshot(File, Prefix, Identity, Tokens, TokensHash, Bytes, Created, new PromptChain([.. Blocks.Select(ChainHash.Parse)], TextLength, ChainHash.Parse(End), TailCheck))
        {
            Domain = Domain,
            PromptTokens = PromptTokens ?? Tokens,
            Turns = Turns ?? 1,
        };
    }
}
