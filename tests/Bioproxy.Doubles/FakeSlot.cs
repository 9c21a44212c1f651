namespace Bioproxy.Doubles;

/// <summary>One slot of a fake's process. Guarded by its engine's lock.</summary>
internal sealed class FakeSlot(int id)
{
    public int Id { get; } = id;

    public List<int> Tokens { get; set; } = [];

    /// <summary>The weights its state was computed with.</summary>
    public int Seed { get; set; }

    /// <summary>The last task; null before the first one.</summary>
    public long? TaskId { get; set; }

    public bool IsProcessing { get; set; }

    public long LastUsed { get; set; } = -1;

    /// <summary>Slot lists given out before its work began.</summary>
    public long Lists { get; set; }
}
