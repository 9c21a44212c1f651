using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>What of messages is not the text of their content, as the backend renders it: with a prompt's edits, and without what is not
/// rendered.</summary>
/// <param name="source">The body as sent.</param>
/// <param name="messages">The messages as plugins edited them.</param>
/// <param name="edits">The edits of texts beside the content.</param>
internal readonly struct RenderedParts(PromptBody source, IReadOnlyList<PromptMessage> messages, IReadOnlyList<JsonSplice> edits)
{
    /// <summary>The bytes that the edits add at most.</summary>
    public int AddedLength
    {
        get
        {
            var added = 0;
            foreach (var edit in edits)
                added += edit.Replacement.Length;
            foreach (var message in messages)
                added += (3 * (message.ReplacedRole?.Length ?? 0)) + (message.AddedReasoning is { } text ? 8 + (6 * text.Length) : 0);
            return added;
        }
    }

    /// <summary>The role of a message.</summary>
    public string RoleOf(int message) => MessageEdits.RoleOf(messages[message], source.Messages[message]);

    /// <summary>The reasoning that was added to a message, as a JSON string; empty for none.</summary>
    public ReadOnlySpan<byte> AddedTo(int message) =>
        MessageEdits.AddedReasoning(messages[message], source.Messages[message], source) is { } added ? JsonText.Quote(added) : default;

    /// <summary>One part, or the value of one member.</summary>
    public ReadOnlySpan<byte> Of(JsonRange range)
    {
        List<JsonSplice>? inside = null;
        foreach (var edit in edits)
        {
            if (edit.Range.Start >= range.Start && edit.Range.End <= range.End)
                (inside ??= []).Add(edit with { Range = edit.Range with { Start = edit.Range.Start - range.Start } });
        }

        return CacheControl.Without(inside is null
            ? range.Of(source.Body.Span)
            : new SplicedBody(source.Body.Slice(range.Start, range.Length), inside).ToArray());
    }
}
