using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.Redactor;

/// <summary>
/// Counts the secrets in those texts of the messages that no plugin can edit: arguments and results of tool calls, and whatever else is
/// neither the content nor a text part of it. Images and audio are not examined. The walk through the body goes beside the messages that
/// the host made of it, so that it and the masking always agree about what can be edited.
/// </summary>
internal ref struct UnreachableText
{
    private readonly PromptContext _prompt;
    private readonly Func<string, bool> _masksRole;
    private readonly Masking _masking;
    private Utf8JsonReader _reader;
    private int _count;

    private UnreachableText(PromptContext prompt, ReadOnlySpan<byte> messages, Func<string, bool> masksRole, Masking masking)
    {
        _prompt = prompt;
        _masksRole = masksRole;
        _masking = masking;
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
        if (prompt.Endpoint == PromptEndpoint.Completion && prompt.Messages.Any(HasText))
            return 0; // every text of a completion is a part; the rest are tokens and media
        var text = new UnreachableText(prompt, messages.Span, masksRole, masking);
        text.Messages();
        return text._count;
    }

    private void Messages()
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.String)
            return; // the one text part of the one message
        if (_prompt.Endpoint == PromptEndpoint.Completion || _reader.TokenType != JsonTokenType.StartArray)
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
            else if (!isContent || !HasText(message, 0))
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
            else if (_reader.TokenType == JsonTokenType.StartObject)
                Part(part);
            else
                Look();
        }
    }

    private void Part(PromptPart? part)
    {
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var isText = _reader.ValueTextEquals("text"u8);
            _reader.Read();
            if (!isText || part?.Text is null)
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
            if (_reader.TokenType == JsonTokenType.String)
                _count += StringValue.Of(ref _reader) is { } text ? _masking.CountSecrets(text) : 1;
        }
        while (!IsEnd(depth) && _reader.Read());
    }

    private readonly bool IsEnd(int depth) =>
        _reader.CurrentDepth == depth
        && _reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName);

    private static bool HasText(PromptMessage message) => message.Parts.Any(static part => part.Text is not null);

    private static bool HasText(PromptMessage? message, int part) =>
        message is not null && part < message.Parts.Count && message.Parts[part].Text is not null;
}
