namespace Bioproxy.Host.Json;

/// <summary>Where a JSON value or token stands in a body, in bytes; a string's range includes its quotes.</summary>
internal readonly record struct JsonRange(int Start, int Length)
{
    public int End => Start + Length;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> body) => body.Slice(Start, Length);
}
