using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Doctor;

/// <summary>What an examination measured. What was not tried or failed is null.</summary>
internal sealed record Measurements
{
    public required Uri Url { get; init; }
    public required BackendState Backend { get; init; }
    public bool KvEnabled { get; init; } = true;

    /// <summary>No slot became idle in time; everything waited for others.</summary>
    public bool IsBusy { get; init; }

    /// <summary>Somebody else used the slot in between; the rest was left out.</summary>
    public bool IsDisturbed { get; init; }

    /// <summary>Steps that failed, each with its reason.</summary>
    public IReadOnlyList<(string Step, string Problem)> Failures { get; init; } = [];

    /// <summary>The canary, computed from nothing.</summary>
    public Evaluation? Cold { get; init; }

    /// <summary>A state of a few tokens, to tell how a state grows.</summary>
    public SlotFileResult? ShortFile { get; init; }

    public SlotFileResult? Saved { get; init; }
    public SlotFileResult? Restored { get; init; }

    /// <summary>The canary and a new end, after the restore.</summary>
    public Evaluation? AfterRestore { get; init; }

    /// <summary>Another prompt, long where the model is fast, in the same slot.</summary>
    public Evaluation? Other { get; init; }

    /// <summary>The first third of that and a new end.</summary>
    public Evaluation? GoneBack { get; init; }

    /// <summary>The canary again, which the other prompt had displaced, and a new end.</summary>
    public Evaluation? Displaced { get; init; }

    /// <summary>Tokens that an idle slot held, and whether it was emptied when another slot started.</summary>
    public (int Tokens, bool IsEmptied)? Idle { get; init; }

    /// <summary><c>kv.directory</c>; null when it is not configured.</summary>
    public FolderFacts? Folder { get; init; }

    /// <summary>What was left behind or tidied up, for people.</summary>
    public string? CleanUp { get; init; }
}
