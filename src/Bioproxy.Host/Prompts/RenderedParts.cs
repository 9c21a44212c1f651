using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>The parts and members of messages that are not text, as the backend renders them: with a prompt's edits, and without what is
/// not rendered.</summary>
/// <param name="body">The body as sent.</param>
/// <param name="edits">The edits of texts beside the content.</param>
internal readonly struct RenderedParts(ReadOnlyMemory<byte> body, IReadOnlyList<JsonSplice> edits)
{
    /// <summary>The bytes that the edits add at most.</summary>
    public int AddedLength
    {
        get
        {
            var added = 0;
            foreach (var edit in edits)
                added += edit.Replacement.Length;
            return added;
        }
    }

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
            ? range.Of(body.Span)
            : new SplicedBody(body.Slice(range.Start, range.Length), inside).ToArray());
    }
}
