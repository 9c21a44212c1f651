namespace Bioproxy.Host.Json;

/// <summary>Which bytes of a body llama-server reads as JSON. Measured with build 11669: one UTF-8 byte order mark is skipped, and a NUL
/// outside of a string ends the text, whatever follows; inside of a string it is an error.</summary>
internal static class JsonExtent
{
    public static JsonRange Of(ReadOnlySpan<byte> body)
    {
        var start = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        var length = body[start..].IndexOf((byte)0);
        return new JsonRange(start, length < 0 ? body.Length - start : length);
    }
}
