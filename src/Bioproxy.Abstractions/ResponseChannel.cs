namespace Bioproxy.Abstractions;

/// <summary>One of the texts of a response.</summary>
/// <param name="kind">What the text is.</param>
/// <param name="index">The choice (OpenAI), the output item or the content block it belongs to, from 0.</param>
public readonly struct ResponseChannel(ResponseTextKind kind, int index) : IEquatable<ResponseChannel>
{
    /// <summary>What the text is.</summary>
    public ResponseTextKind Kind { get; } = kind;

    /// <summary>The choice (OpenAI), the output item or the content block it belongs to, from 0. For tool arguments: a thousand times the
    /// choice plus the number of the call.</summary>
    public int Index { get; } = index;

    /// <inheritdoc/>
    public bool Equals(ResponseChannel other) => Kind == other.Kind && Index == other.Index;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ResponseChannel other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Index);

    /// <summary>Whether two channels are the same.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether they are.</returns>
    public static bool operator ==(ResponseChannel left, ResponseChannel right) => left.Equals(right);

    /// <summary>Whether two channels differ.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether they do.</returns>
    public static bool operator !=(ResponseChannel left, ResponseChannel right) => !left.Equals(right);
}
