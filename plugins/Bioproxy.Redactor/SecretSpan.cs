namespace Bioproxy.Redactor;

/// <summary>A stretch of a text that is replaced by a placeholder.</summary>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="End">The position after its last unit.</param>
/// <param name="Name">The name in the placeholder.</param>
/// <param name="Rank">Which name wins where two stretches are the same: the lower one.</param>
internal readonly record struct SecretSpan(int Start, int End, string Name, int Rank) : IComparable<SecretSpan>
{
    /// <summary>The leftmost first, then the longest, then by rank.</summary>
    public int CompareTo(SecretSpan other) =>
        Start != other.Start ? Start.CompareTo(other.Start) : End != other.End ? other.End.CompareTo(End) : Rank.CompareTo(other.Rank);
}
