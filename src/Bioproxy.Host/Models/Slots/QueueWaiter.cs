namespace Bioproxy.Host.Models.Slots;

/// <summary>One who waits in a <see cref="SlotQueue"/>. Its settable members are guarded by the queue's lock.</summary>
internal sealed class QueueWaiter(SlotQueue queue, QueueEntry entry, long since)
{
    public QueueEntry Entry { get; } = entry;

    public long Since { get; } = since;

    /// <summary>The place in its client's line; null once decided.</summary>
    public LinkedListNode<QueueWaiter>? Node { get; set; }

    /// <summary>How many went before it whose turn came after its own.</summary>
    public int Passed { get; set; }

    public Lease? Lease { get; set; }

    public TaskCompletionSource<Lease?> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Abandon(CancellationToken token)
    {
        if (queue.Leave(this))
            Granted.TrySetCanceled(token);
    }

    public void TimeOut()
    {
        if (queue.Leave(this))
            Granted.TrySetResult(null);
    }
}
