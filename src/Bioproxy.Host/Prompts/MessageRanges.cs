using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>One message inside the body.</summary>
/// <param name="Role">As sent; empty when missing.</param>
/// <param name="Parts">The content's parts.</param>
/// <param name="Others">Every other member (name token with quotes, value), in the order sent: tool calls, names, reasoning.</param>
internal sealed record MessageRanges(string Role, IReadOnlyList<PartRange> Parts, IReadOnlyList<(JsonRange Name, JsonRange Value)> Others)
{
    /// <summary>The role's string; null when it is missing or not a string.</summary>
    public JsonRange? RoleToken { get; init; }

    /// <summary>The value of <c>content</c>; null where there is none.</summary>
    public JsonRange? Content { get; init; }

    /// <summary>Just behind the opening brace; null where the message is not an object.</summary>
    public int? FirstMember { get; init; }

    /// <summary>The value of one of <see cref="Others"/>; of several with one name the last, which is the one that counts.</summary>
    public JsonRange? Find(ReadOnlySpan<byte> body, string name)
    {
        JsonRange? found = null;
        foreach (var (token, value) in Others)
        {
            if (JsonText.StringOrNull(token.Of(body).TrimEnd(" \t\r\n"u8)) == name)
                found = value;
        }

        return found;
    }
}
