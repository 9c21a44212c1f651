namespace Bioproxy.Doubles;

/// <summary>A slot of a fake at one moment.</summary>
internal sealed record FakeSlotView(int Id, bool IsProcessing, long? TaskId, IReadOnlyList<int> Tokens, int Seed)
{
    public string Text => FakeTokens.Text(Tokens);
}
