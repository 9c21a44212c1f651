using System.Buffers;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>
/// Leaves out <c>cache_control</c>: clients move it from message to message and from tool to tool, and the backend renders a prompt
/// the same with and without it (measured on build 11669, for tools, system blocks and content of all endpoints).
/// </summary>
internal static class CacheControl
{
    /// <summary>What a prompt's canonical text takes of a value.</summary>
    /// <param name="value">A tool list, a content part or a member of a message.</param>
    /// <returns>The same bytes where there is none.</returns>
    public static ReadOnlySpan<byte> Without(ReadOnlySpan<byte> value)
    {
        if (value.IndexOf("\"cache_control\""u8) < 0)
            return value;
        var kept = new ArrayBufferWriter<byte>(value.Length);
        var copied = 0;
        var reader = new Utf8JsonReader(value, JsonReading.Options);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            var start = (int)reader.TokenStartIndex;
            if (IsUsersOwn(ref reader))
            {
                reader.Read();
                reader.Skip();
            }
            else if (reader.ValueTextEquals("cache_control"u8))
            {
                reader.Read();
                reader.Skip();
                var (from, to) = WithComma(value, start, (int)reader.BytesConsumed);
                kept.Write(value[copied..Math.Max(copied, from)]);
                copied = to;
            }
        }

        kept.Write(value[copied..]);
        return kept.WrittenSpan;
    }

    /// <summary>What lies in these is rendered as it is, whatever it is called: schemas, arguments and results.</summary>
    private static bool IsUsersOwn(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("parameters"u8) || reader.ValueTextEquals("input_schema"u8) || reader.ValueTextEquals("input"u8)
        || reader.ValueTextEquals("arguments"u8);

    /// <summary>A member goes with the comma before it, or the one behind it where it is the first.</summary>
    private static (int From, int To) WithComma(ReadOnlySpan<byte> value, int from, int to)
    {
        var before = value[..from].TrimEnd(" \t\r\n"u8);
        if (before[^1] == ',')
            return (before.Length - 1, to);
        var behind = value[to..].TrimStart(" \t\r\n"u8);
        if (behind[0] != ',')
            return (from, to);
        behind = behind[1..].TrimStart(" \t\r\n"u8);
        return (from, value.Length - behind.Length);
    }
}
