using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>A request for a lease.</summary>
/// <param name="Lane">Who asks. Warm-up waits without limits of length and time, and has neither a client nor hotness.</param>
/// <param name="Weight">How many slots the work occupies at once; more than there are counts as all.</param>
/// <param name="Client">Turns in a lane go round the clients; any number that tells them apart.</param>
/// <param name="IsHot">Whether a slot holds its context now. Asked under the queue's lock, only while the entry waits: never once
/// its acquisition has completed. It must be quick, must not throw and must not call the queue. Null means never.</param>
internal readonly record struct QueueEntry(Lane Lane, int Weight, ulong Client = 0, Func<bool>? IsHot = null)
{
    /// <summary>Seconds that its prompt is expected to take; 0 when that was not asked.</summary>
    public double PromptSeconds { get; init; }

    /// <summary>What waits, for an owner that places it in the same call: the prompt, where something of it may be reused.</summary>
    public CanonicalPrompt? Prompt { get; init; }

    /// <summary>Its isolation domain.</summary>
    public string? Domain { get; init; }
}
