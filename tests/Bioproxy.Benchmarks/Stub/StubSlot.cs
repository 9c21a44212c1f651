namespace Bioproxy.Benchmarks.Stub;

/// <summary>One slot of the stub; guarded by <see cref="StubSlots"/>.</summary>
internal sealed class StubSlot(int id)
{
    public int Id { get; } = id;

    public SemaphoreSlim Turn { get; } = new(1, 1);

    public bool IsProcessing { get; set; }

    /// <summary>The last task that used it; null before the first.</summary>
    public long? TaskId { get; set; }

    public int HeldTokens { get; set; }

    /// <summary>It holds a restored state, with which its next chat begins.</summary>
    public bool IsRestored { get; set; }

    /// <summary>Which conversation it holds.</summary>
    public int Conversation { get; set; }

    public long LastUsed { get; set; }
}
