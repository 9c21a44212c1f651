using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.Redactor;

/// <summary>
/// Counts the secrets in those texts of the messages that no plugin can edit: whatever is neither content, nor a call, a result or
/// reasoning. Images and audio are not examined. What can be edited is known by where it stands in the body, so that this walk and the
/// masking always agree about it.
/// </summary>
internal ref struct UnreachableText
{
    private readonly PromptContext _prompt;
    private readonly Func<string, bool> _masksRole;
    private readonly Masking _masking;
    private readonly List<(int Start, int End)> _editable;
    private Utf8JsonReader _reader;
    private int _next;
    private int _count;

    private UnreachableText(PromptContext prompt, ReadOnlySpan<byte> messages, Func<string, bool> masksRole, Masking masking)
    {
        _prompt = prompt;
        _masksRole = masksRole;
        _masking = masking;
        _editable = Editable(prompt, messages);
        _reader = new Utf8JsonReader(messages, new JsonReaderOptions { MaxDepth = int.MaxValue });
    }

    /// <summary>Counts them.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="masksRole">Whether a role's messages are masked.</param>
    /// <param name="masking">Knows what is a secret.</param>
    public static int Count(PromptContext prompt, Func<string, bool> masksRole, Masking masking)
    {
        var member = prompt.Endpoint switch { PromptEndpoint.Responses => "input", PromptEndpoint.Completion => "prompt", _ => "messages" };
        if (prompt.Member(member) is not { } messages)
            return 0;
        var text = new UnreachableText(prompt, messages.Span, masksRole, masking);
        text.Messages();
        return text._count;
    }

    /// <summary>Where the texts that can be edited stand in the messages.</summary>
    private static List<(int Start, int End)> Editable(PromptContext prompt, ReadOnlySpan<byte> messages)
    {
        var ranges = new List<(int Start, int End)>();
        foreach (var message in prompt.Messages)
        {
            foreach (var part in message.Parts.Concat(message.OtherParts))
            {
                if (part.Text is not null && messages.Overlaps(part.Json.Span, out var start))
                    ranges.Add((start, start + part.Json.Length));
            }
        }

        ranges.Sort();
        return ranges;
    }

    private void Messages()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartArray || _prompt.Endpoint == PromptEndpoint.Completion)
        {
            if (_masksRole("user"))
                Look();
            return;
        }

        for (var i = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; i++)
        {
            var message = i < _prompt.Messages.Count ? _prompt.Messages[i] : null;
            if (message is not null && !_masksRole(message.Role))
                _reader.Skip();
            else if (_reader.TokenType == JsonTokenType.StartObject)
                Message(message);
            else
                Look();
        }
    }

    private void Message(PromptMessage? message)
    {
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = _reader.ValueTextEquals("content"u8);
            _reader.Read();
            if (isContent && _reader.TokenType == JsonTokenType.StartArray)
                Parts(message);
            else
                Look();
        }
    }

    private void Parts(PromptMessage? message)
    {
        for (var i = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; i++)
        {
            var part = message is not null && i < message.Parts.Count ? message.Parts[i] : null;
            if (part?.Type is "image" or "image_url" or "input_image" or "input_audio")
                _reader.Skip();
            else
                Look();
        }
    }

    /// <summary>
    /// Looks at all strings of the value at the reader. One that is not valid Unicode cannot be read and counts as a secret.
    /// </summary>
    private void Look()
    {
        var depth = _reader.CurrentDepth;
        do
        {
            if (_reader.TokenType == JsonTokenType.String && !IsEditable((int)_reader.TokenStartIndex))
                _count += StringValue.Of(ref _reader) is { } text ? _masking.CountSecrets(text) : 1;
        }
        while (!IsEnd(depth) && _reader.Read());
    }

    private bool IsEditable(int position)
    {
        while (_next < _editable.Count && _editable[_next].End <= position)
            _next++;
        return _next < _editable.Count && _editable[_next].Start <= position;
    }

    private readonly bool IsEnd(int depth) =>
        _reader.CurrentDepth == depth
        && _reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName);
}
