using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// The order in which one queue served those who waited, checked when all is over: within a lane first come first served for each client,
/// and round the clients; hot ones may go a little earlier (<see cref="ClientRing"/>).
/// </summary>
internal sealed class QueueAudit(string name)
{
    private readonly Lock _lock = new();
    private readonly List<Waiting> _all = [];

    /// <summary>Somebody asks the queue; a queue is asked in the order of these calls.</summary>
    public (Waiting Waiting, Task<QueueGrant> Grant) Ask(SlotQueue queue, QueueEntry entry, TimeProvider time, CancellationToken gone)
    {
        lock (_lock)
        {
            var waiting = new Waiting(entry, time.GetTimestamp());
            _all.Add(waiting);
            return (waiting, queue.AcquireAsync(entry, gone).AsTask());
        }
    }

    public IEnumerable<string> Problems()
    {
        for (var i = 0; i < _all.Count; i++)
        {
            var one = _all[i];
            if (one.Ended is not { } ended)
            {
                yield return $"{name}: somebody neither got a slot nor left";
                continue;
            }

            // Until those of its own client that came before it have gone, it is not at the head of its line.
            var head = _all.Take(i).Where(before => IsSameLine(before, one) && before.Ended < ended)
                .Select(static before => before.Ended!.Value).Append(one.Since).Max();
            var later = _all.Skip(i + 1).TakeWhile(after => after.Since <= ended).ToList();
            if (later.Count(after => IsSameLine(after, one) && IsGrantedBefore(after, one)) is > ClientRing.MaxPassed and var passed)
                yield return $"{name}: a request was passed by {passed} of its own client";
            foreach (var other in _all.Where(other => other.Entry.Lane == one.Entry.Lane && other.Entry.Client != one.Entry.Client
                && other.Number is not null && other.Ended > head && other.Ended < ended).GroupBy(static other => other.Entry.Client))
            {
                if (other.Count() > ClientRing.MaxPassed + 1)
                    yield return $"{name}: client {other.Key} got {other.Count()} slots while client {one.Entry.Client} waited";
            }

            if (one.Entry.Lane == Lane.Interactive && _all.Exists(
                other => other.Entry.Lane == Lane.Batch && other.Number is not null && other.Ended > one.Since && other.Ended < ended))
                yield return $"{name}: a batch request was served while an interactive one waited";
        }
    }

    private static bool IsSameLine(Waiting one, Waiting other) =>
        one.Entry.Lane == other.Entry.Lane && one.Entry.Client == other.Entry.Client;

    private static bool IsGrantedBefore(Waiting after, Waiting one) =>
        after.Number is { } number && (one.Number is { } mine ? number < mine : after.Ended < one.Ended);

    /// <summary>One who asked.</summary>
    internal sealed class Waiting(QueueEntry entry, long since)
    {
        public QueueEntry Entry => entry;

        public long Since => since;

        /// <summary>When it got a slot, or left.</summary>
        public long? Ended { get; set; }

        /// <summary>The number of its lease; null for none.</summary>
        public long? Number { get; set; }
    }
}
