using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>What one index has for one prompt. Immutable.</summary>
internal sealed class FoundSnapshots
{
    private readonly SnapshotIndex _index;
    private readonly PromptChain _prompt;
    private readonly string _fingerprint;
    private readonly string _place;

    public FoundSnapshots(SnapshotIndex index, CanonicalPrompt prompt, string fingerprint, string place)
    {
        (_index, _prompt, _fingerprint, _place) = (index, prompt.Chain, fingerprint, place);
        Whole = index.Best(prompt, fingerprint, place);
        Through = index.Through(prompt, fingerprint, place);
    }

    /// <summary>As <see cref="SnapshotIndex.Best"/>.</summary>
    public Snapshot? Whole { get; }

    /// <summary>As <see cref="SnapshotIndex.Through"/>.</summary>
    public (Snapshot Snapshot, int Shared)? Through { get; }

    /// <summary>Whether this is the answer to that question, too.</summary>
    public bool Answers(SnapshotIndex index, CanonicalPrompt prompt, string fingerprint, string place) =>
        ReferenceEquals(_index, index) && ReferenceEquals(_prompt, prompt.Chain) && _fingerprint == fingerprint && _place == place;
}
