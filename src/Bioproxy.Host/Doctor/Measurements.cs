using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Doctor;

/// <summary>What an examination measured. Steps that were not tried or failed are null.</summary>
internal sealed record Measurements
{
    public required BackendOptions Server { get; init; }
    public required BackendState Backend { get; init; }
    public bool KvEnabled { get; init; } = true;

    /// <summary>No slot became idle in time; every step waited for other requests.</summary>
    public bool IsBusy { get; init; }

    /// <summary>Another client used the slot in the meantime; the rest was skipped.</summary>
    public bool IsDisturbed { get; init; }

    /// <summary>Steps that failed, each with its reason.</summary>
    public IReadOnlyList<(string Step, string Problem)> Failures { get; init; } = [];

    /// <summary>The canary, computed without any cache.</summary>
    public Evaluation? Cold { get; init; }

    /// <summary>A state of a few tokens, which shows how a state grows.</summary>
    public SlotFileResult? ShortFile { get; init; }

    public SlotFileResult? Saved { get; init; }
    public SlotFileResult? Restored { get; init; }

    /// <summary>The canary with a new end, after the restore.</summary>
    public Evaluation? AfterRestore { get; init; }

    /// <summary>Another prompt, long where the model is fast, in the same slot.</summary>
    public Evaluation? Other { get; init; }

    /// <summary>The first third of that with a new end.</summary>
    public Evaluation? GoneBack { get; init; }

    /// <summary>The canary again, which the other prompt had evicted, with a new end.</summary>
    public Evaluation? Displaced { get; init; }

    /// <summary>Tokens that an idle slot held, and whether it was emptied when another slot started.</summary>
    public (int Tokens, bool IsEmptied)? Idle { get; init; }

    /// <summary>The folder of <c>kv.directory</c> or <c>slot_directory</c>; null when it is not configured.</summary>
    public FolderFacts? Folder { get; init; }

    /// <summary>What was cleaned up or left behind.</summary>
    public string? CleanUp { get; init; }
}
