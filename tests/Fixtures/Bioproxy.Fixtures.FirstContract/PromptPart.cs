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

    /// <summary>A part with its text at hand.</summary>
    /// <param name="type">The part's type as sent.</param>
    /// <param name="text">Its text, or null for a part that has none.</param>
    public PromptPart(string type, string? text)
    {
        Type = type;
        _text = text;
        _isDecoded = true;
    }

    /// <summary>A part whose text is decoded when it is asked for. Made by the host.</summary>
    /// <param name="type">The part's type as sent.</param>
    /// <param name="token">The JSON string token, UTF-8 with its quotes; valid as long as the request.</param>
    public PromptPart(string type, ReadOnlyMemory<byte> token)
    {
        Type = type;
        _token = token;
    }

    /// <summary>The type as sent: <c>text</c>, <c>input_text</c>, <c>image_url</c> …</summary>
    public string Type { get; }

    /// <summary>The text; null for a part without text (an image, or a string that is no valid Unicode), which cannot be
    /// assigned. Reading decodes the whole text: ask <see cref="StartsWith"/> first where that is enough. Assigning edits the
    /// prompt.</summary>
    /// <exception cref="InvalidOperationException">A text was assigned to a part that has none.</exception>
    public string? Text
    {
        get
        {
            if (!_isDecoded)
            {
                _text = Decode(_token.Span);
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
            _text = value;
            IsEdited = true;
        }
    }

    /// <summary>Whether <see cref="Text"/> was assigned since the request came in.</summary>
    public bool IsEdited { get; private set; }

    /// <summary>
    /// Whether the text begins with <paramref name="prefix"/> (ordinal), without decoding the whole text when that can be avoided.
    /// </summary>
    /// <param name="prefix">What to look for.</param>
    /// <returns>False for a part without text.</returns>
    public bool StartsWith(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (!_isDecoded)
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
