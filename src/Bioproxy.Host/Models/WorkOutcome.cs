using Bioproxy.Host.Backends;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>How a piece of work on the backend ended.</summary>
/// <param name="IsComplete">The whole answer came: its slot is idle.</param>
/// <param name="IsStreaming">The backend was writing (tokens, or progress), so it notices a leaving client at its next write.</param>
/// <param name="Timings">What the answer reports of its prompt.</param>
/// <param name="Coverage">How much of the prompt the slot holds for certain, from 0 to 1.</param>
/// <param name="Slot">The slot, where an answer to unpinned work told it.</param>
internal readonly record struct WorkOutcome(bool IsComplete, bool IsStreaming, PromptTimings? Timings, double Coverage, int? Slot = null)
{
    /// <summary>The request itself may keep the backend from reusing anything (other adapters, an own wish): what was reused says nothing
    /// of a snapshot, a slot or the process.</summary>
    public bool HasOtherExplanation { get; init; }

    /// <summary>The prompt, cut off behind the preamble that the model's owner found in it; see
    /// <see cref="Placement.NewPreamble"/>.</summary>
    public PromptCut? Preamble { get; init; }
}
