namespace Bioproxy.Doubles;

/// <summary>A prompt at work in a slot (and, for several choices, in more).</summary>
internal sealed record FakeWork(FakeSlot Slot, IReadOnlyList<FakeSlot> Children, IReadOnlyList<int> Prompt, int Cached)
{
    public bool IsEnded { get; set; }
}
