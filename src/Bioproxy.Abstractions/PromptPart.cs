using System.Text;
using System.Text.Json;

namespace Bioproxy.Abstractions;

/// <summary>One part of a message's content.</summary>
/// <remarks>Not safe for several threads at once, like the request it belongs to.</remarks>
public sealed class PromptPart
{
    private readonly ReadOnlyMemory<byte> _token;
    private string? _text;
    private bool _isDecoded;

    /// <summary>A part with its text.</summary>
    /// <param name="type">The part's type as sent.</param>
    /// <param name="text">Its text, or null for a part that has none.</param>
    public PromptPart(string type, string? text)
    {
        Type = type;
        _text = text;
        _isDecoded = true;
    }

    /// <summary>A part whose text is decoded on demand. Created by the host.</summary>
    /// <param name="type">The part's type as sent.</param>
    /// <param name="token">The JSON string token, UTF-8 with its quotes; valid as long as the request.</param>
    public PromptPart(string type, ReadOnlyMemory<byte> token)
    {
        Type = type;
        _token = token;
    }

    /// <summary>The type as sent: <c>text</c>, <c>input_text</c>, <c>image_url</c> …; in <see cref="PromptMessage.OtherParts"/>
    /// <c>tool_call</c>, <c>tool_result</c> or <c>reasoning</c>.</summary>
    public string Type { get; }

    /// <summary>The id of the tool call that the part belongs to; null for a part of none. Since contract 1.2.</summary>
    public string? CallId { get; init; }

    /// <summary>The name of the tool that is called; null where it is not written beside the part. Since contract 1.2.</summary>
    public string? ToolName { get; init; }

    /// <summary>The text is a JSON value of the body itself (Anthropic's <c>input</c>), not a string: what is assigned must be one JSON
    /// value, too. Since contract 1.2.</summary>
    public bool IsJson { get; init; }

    /// <summary>The value in the request's body as the client sent it, UTF-8: a string with its quotes, or any value where
    /// <see cref="IsJson"/>. Empty for a part without text, and for one made from a text. Do not keep it. Since contract 1.2.</summary>
    public ReadOnlyMemory<byte> Json => _token;

    /// <summary>The text; null for a part without text (an image, or a string that is not valid Unicode), which cannot be assigned. Reading
    /// decodes the whole text; <see cref="StartsWith"/> may be enough. Assigning edits the prompt.</summary>
    /// <exception cref="InvalidOperationException">A text was assigned to a part that has none.</exception>
    /// <exception cref="ArgumentException">The part <see cref="IsJson"/>, and the assigned text is not one JSON value.</exception>
    public string? Text
    {
        get
        {
            if (!_isDecoded)
            {
                _text = IsJson ? Encoding.UTF8.GetString(_token.Span) : Decode(_token.Span);
                _isDecoded = true;
            }

            return _text;
        }

        set
        {
            if (Text is null)
                throw new InvalidOperationException($"A part of type '{Type}' has no text to replace.");
            ArgumentNullException.ThrowIfNull(value);
            if (ReferenceEquals(value, _text))
                return;
            if (IsJson)
                JsonValue.Check(Encoding.UTF8.GetBytes(value), nameof(value));
            _text = value;
            IsEdited = true;
        }
    }

    /// <summary>Whether <see cref="Text"/> was assigned since the request came in.</summary>
    public bool IsEdited { get; private set; }

    /// <summary>Whether the text begins with <paramref name="prefix"/> (ordinal). Avoids decoding the whole text if possible.</summary>
    /// <param name="prefix">The text to look for.</param>
    /// <returns>False for a part without text.</returns>
    public bool StartsWith(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (!_isDecoded && !IsJson)
        {
            // An escape among the first bytes may stand for a character of the prefix; without one, bytes compare as they are.
            Span<byte> wanted = stackalloc byte[256];
            if (Encoding.UTF8.TryGetBytes(prefix, wanted, out var length))
            {
                var inner = _token.Span[1..^1];
                var head = inner[..Math.Min(inner.Length, length)];
                if (head.IndexOf((byte)'\\') < 0)
                    return head.SequenceEqual(wanted[..length]);
            }
        }

        return Text?.StartsWith(prefix, StringComparison.Ordinal) ?? false;
    }

    private static string? Decode(ReadOnlySpan<byte> token)
    {
        if (token.IsEmpty)
            return null;
        var reader = new Utf8JsonReader(token);
        try
        {
            reader.Read();
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // a lone surrogate: no string can hold it without changing it
        }
    }
}
