using System.Text.Json;
using System.Text.Json.Serialization;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>The file beside the state that describes a snapshot. It holds hashes, no text. Member names in the file never change.</summary>
internal sealed record SnapshotSidecar
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required string File { get; init; }
    public required string Prefix { get; init; }

    [JsonPropertyName("identity")]
    public required string Fingerprint { get; init; }

    public int Tokens { get; init; }
    public required string TokensHash { get; init; }
    public long Bytes { get; init; }
    public DateTimeOffset Created { get; init; }
    public int TextLength { get; init; }
    public required string[] Blocks { get; init; }
    public required string End { get; init; }
    public uint? TailCheck { get; init; }

    // Absent for templates, and in sidecars of versions before these members.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Place { get; init; }

    public string? Domain { get; init; }
    public int? PromptTokens { get; init; }
    public int? Turns { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Replaces { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsPreamble { get; init; }

    public static SnapshotSidecar Of(Snapshot snapshot) => new()
    {
        File = snapshot.File,
        Prefix = snapshot.Trigger,
        Fingerprint = snapshot.Fingerprint,
        Tokens = snapshot.Tokens,
        TokensHash = snapshot.TokensHash,
        Bytes = snapshot.Bytes,
        Created = snapshot.Created,
        TextLength = snapshot.Chain.Length,
        Blocks = [.. snapshot.Chain.Blocks.Select(b => b.ToString())],
        End = snapshot.Chain.End.ToString(),
        TailCheck = snapshot.Chain.TailCheck,
        Place = snapshot.Place.Length > 0 ? snapshot.Place : null,
        Domain = snapshot.Domain,
        PromptTokens = snapshot.IsConversation ? snapshot.PromptTokens : null,
        Turns = snapshot.IsConversation ? snapshot.Turns : null,
        Replaces = snapshot.Replaces,
        IsPreamble = snapshot.IsPreamble,
    };

    /// <exception cref="JsonException">It is not JSON, or something is missing in it.</exception>
    /// <exception cref="FormatException">It is empty.</exception>
    public static SnapshotSidecar Read(Stream file) =>
        JsonSerializer.Deserialize(file, StateJson.Default.SnapshotSidecar) ?? throw new FormatException("it is empty");

    /// <exception cref="FormatException">The sidecar contradicts itself or is of another version.</exception>
    /// <param name="place">The place of one that names none.</param>
    public Snapshot ToSnapshot(string place)
    {
        if (Version != CurrentVersion || Tokens <= 0 || TextLength <= 0 || Blocks.Length != TextLength / PromptChain.BlockSize)
            throw new FormatException("its version is unknown or its members contradict each other");
        if (Array.Exists(Blocks, static block => block is null))
            throw new FormatException("one of its hashes is missing");
        if (File.Length == 0 || File != Path.GetFileName(File))
            throw new FormatException("its file is not in the folder of slots"); // it would be deleted there
        var chain = new PromptChain([.. Blocks.Select(ChainHash.Parse)], TextLength, ChainHash.Parse(End), TailCheck);
        return new Snapshot(File, Prefix, Fingerprint, Tokens, TokensHash, Bytes, Created, chain)
        {
            Place = Place ?? place,
            Domain = Domain,
            PromptTokens = PromptTokens ?? Tokens,
            Turns = Turns ?? 1,
            Replaces = Replaces,
            IsPreamble = IsPreamble,
        };
    }
}
