using System.Diagnostics;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Looks at the backend's slot list and teaches the table; tells the monitor when the list contradicts what was believed.</summary>
internal sealed class SlotLook(LlamaClient client, SlotTable table, BackendMonitor monitor, TimeProvider time)
{
    private static readonly TimeSpan OldAge = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _catchingUp = new(1, 1);
    private long _last = long.MinValue;

    /// <summary>The connection that brought the last list, and when that list was asked for.</summary>
    private (long Connection, long Asked) _lastList;

    /// <summary>Whether somebody who talks to the backend past us may have taken slots since the last look.</summary>
    public bool IsOld => Volatile.Read(ref _last) is var last && (last == long.MinValue || time.GetElapsedTime(last) > OldAge);

    /// <summary>One look. Null when there was no answer.</summary>
    public async Task<(SlotVerdict Verdict, IReadOnlyList<SlotRow> Rows)?> OnceAsync(int epoch, CancellationToken cancellationToken)
    {
        var look = table.BeginPoll();
        var asked = Stopwatch.GetTimestamp();
        var answer = await client.GetSlotsAsync(cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } rows)
        {
            if (answer.IsUnreachable)
                monitor.Suspect(epoch, $"the slot list did not come: {answer.Problem}");
            return null;
        }

        monitor.Touch();
        Volatile.Write(ref _last, time.GetTimestamp());
        var verdict = table.Learn(look, [.. rows.Select(r => new SlotObservation(r.Id, r.IsProcessing, r.TaskId, r.PromptTokens))], IsSameProcess(answer.Connection!));
        _lastList = (answer.Connection!.Connection, asked);
        if (verdict == SlotVerdict.Restarted)
            monitor.Suspect(epoch, "the slot list went back to an earlier state");
        return (verdict, rows);
    }

    /// <summary>Whether this list came from the process of the last one: over its connection, or over one that is older than it. A connection ends
    /// with its process, so what lies between the two lists had only one.</summary>
    private bool IsSameProcess(ConnectionUse use) =>
        _lastList.Asked > 0 && (use.Connection == _lastList.Connection || use.Established < _lastList.Asked);

    /// <summary>Learns where unpinned work that has ended had gone. Several callers share one look.</summary>
    public async Task CatchUpAsync(int epoch, CancellationToken cancellationToken)
    {
        if (!table.HasUnseenResults)
            return;
        await _catchingUp.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (table.HasUnseenResults)
                await OnceAsync(epoch, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _catchingUp.Release();
        }
    }
}
