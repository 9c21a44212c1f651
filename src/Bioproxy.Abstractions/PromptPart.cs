namespace Bioproxy.Abstractions;

/// <summary>One part of a message's content.</summary>
/// <param name="type">The part's type as sent.</param>
/// <param name="text">Its text, or null for a part that has none.</param>
public sealed class PromptPart(string type, string? text)
{
    private string? _text = text;

    /// <summary>The type as sent: <c>text</c>, <c>input_text</c>, <c>image_url</c> …</summary>
    public string Type { get; } = type;

    /// <summary>The text; null for a part without text (an image), which cannot be assigned. Assigning edits the prompt.</summary>
    /// <exception cref="InvalidOperationException">A text was assigned to a part that has none.</exception>
    public string? Text
    {
        get => _text;
        set
        {
            if (_text is null)
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
}
