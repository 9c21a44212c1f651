namespace Bioproxy.Doubles;

/// <summary>A prompt that is computed in a slot (or, for several choices, in several).</summary>
internal sealed record FakeWork(FakeSlot Slot, IReadOnlyList<FakeSlot> Children, IReadOnlyList<int> Prompt, int Cached)
{
    public bool IsEnded { get; set; }
}
