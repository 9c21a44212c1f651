using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>What a plan depends on besides the slots and the prompt.</summary>
internal readonly record struct PlanContext
{
    /// <summary>As in <see cref="PlanQuestion"/>; its chain is <see cref="WholeChain"/>.</summary>
    public SnapshotOption Whole { get; init; }

    public SnapshotOption Partial { get; init; }

    /// <summary>The text that <see cref="Whole"/> stands for.</summary>
    public PromptChain? WholeChain { get; init; }

    public Rates Rates { get; init; }

    /// <summary>The isolation domain of a request whose prompt is null; a prompt has its own.</summary>
    public string? Domain { get; init; }

    /// <summary>Seconds on the proxy's clock.</summary>
    public double Now { get; init; }

    /// <summary>Displaced conversations of at least this many tokens may be saved first; 0 when none may.</summary>
    public int LeastSaved { get; init; }

    /// <summary>All of them are saved, whatever it costs.</summary>
    public bool SavesAll { get; init; }

    /// <summary>A slot that is being saved is no option.</summary>
    public bool WaitsForNoSave { get; init; }
}
