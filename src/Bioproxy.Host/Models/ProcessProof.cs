using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Models;

/// <summary>Shows that the server is still the process that was recognised: before and after a restore, and after a save.</summary>
internal sealed class ProcessProof(InstanceBackend backend, SlotWatcher watcher)
{
    /// <summary>Asks for the process marker and the slot list. The marker shows a restart but not a sleep, in which the same process loads
    /// its weights anew; task numbers show both.</summary>
    /// <returns><see cref="ProcessCheck.Same"/> only when an answer shows it, <see cref="ProcessCheck.NoAnswer"/> when one did not come;
    /// anything else is <see cref="ProcessCheck.Other"/>, and the instance is retired.</returns>
    public async Task<ProcessCheck> CheckAsync(CancellationToken cancellationToken)
    {
        var marker = await backend.CheckProcessAsync(cancellationToken).ConfigureAwait(false);
        if (marker == ProcessCheck.NoAnswer)
            return ProcessCheck.NoAnswer;
        if (marker != ProcessCheck.Other)
        {
            var poll = await watcher.PollAsync(cancellationToken).ConfigureAwait(false);
            if (poll is null && backend.IsCurrent)
                return ProcessCheck.NoAnswer;
            if (poll is { Verdict: SlotVerdict.Same } or { Verdict: SlotVerdict.Doubt }
                && (marker == ProcessCheck.Same || poll.Verdict == SlotVerdict.Same))
                return ProcessCheck.Same;
        }

        backend.Suspect("it could not be shown that the server is still the same process");
        return ProcessCheck.Other;
    }
}
