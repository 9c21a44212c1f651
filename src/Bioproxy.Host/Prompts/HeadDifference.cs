using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>The difference of two prompts that differ in what is rendered before the messages.</summary>
internal static class HeadDifference
{
    /// <param name="prompt">The prompt.</param>
    /// <param name="other">The earlier one.</param>
    /// <param name="position">Bytes of canonical text that they share; the text holds a hash of the head only.</param>
    /// <param name="withExcerpt">Whether it may be quoted.</param>
    public static PromptDifference Between(CanonicalPrompt prompt, CanonicalPrompt other, int position, bool withExcerpt)
    {
        var quote = withExcerpt ? "" : null; // only texts are quoted
        if (position == 0)
            return new PromptDifference(position, "before the messages: another kind of endpoint", quote) { Was = quote };
        var (mine, others) = (Members(prompt.Head), Members(other.Head));
        PromptDifference? first = null;
        var mendable = RepeatedBehind(prompt, other);
        foreach (var name in HeadMember.Names)
        {
            var (has, had) = (mine.TryGetValue(name, out var value), others.TryGetValue(name, out var earlier));
            if (!has && !had)
                continue;
            if (has != had)
            {
                var cause = name == "tools" ? MissCause.ToolsChanged : MissCause.Other;
                first ??= OnlyOne(prompt, other, position, quote) with { Cause = cause };
                continue;
            }

            if (value.Span.SequenceEqual(earlier.Span))
            {
                mendable += value.Length;
                continue;
            }

            var (difference, shared) = OfMember(name, value, earlier, position, withExcerpt);
            first ??= difference;
            mendable += shared;
        }

        return (first ?? new PromptDifference(position, "before the messages", quote) { Was = quote }) with { Mendable = mendable };
    }

    private static (PromptDifference Difference, int Shared) OfMember(
        string name, ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> earlier, int position, bool withExcerpt)
    {
        var quote = withExcerpt ? "" : null;
        if (name == "tools")
        {
            var tools = ToolDifference.Between(value, earlier);
            return (new PromptDifference(position, tools.Where, quote) { Was = quote, Cause = tools.Cause }, tools.Shared);
        }

        var prefix = value.Span.CommonPrefixLength(earlier.Span);
        var shared = prefix + TextAlignment.Repeated(value.Span[prefix..], earlier.Span[prefix..]);
        if (name is not ("system" or "instructions") || TextOf(value) is not { } text || TextOf(earlier) is not { } was
            || text.AsSpan().SequenceEqual(was))
            return (new PromptDifference(position, $"before the messages: in {name}", quote) { Was = quote }, shared);
        var at = text.AsSpan().CommonPrefixLength(was);
        var line = text.AsSpan(0, at).Count((byte)'\n') + 1;
        var difference = new PromptDifference(
            position, $"{name}, line {line}", withExcerpt ? PromptDifference.ExcerptOf(text.AsSpan(at)) : null)
        {
            Was = withExcerpt ? PromptDifference.ExcerptOf(was.AsSpan(at)) : null,
            Line = line,
            Role = "system",
            Cause = DifferenceCause.OfText(text, was, at, MissCause.SystemText),
        };
        return (difference, shared);
    }

    private static PromptDifference OnlyOne(CanonicalPrompt prompt, CanonicalPrompt other, int position, string? quote)
    {
        var names = prompt.HeadNames.Except(other.HeadNames, StringComparer.Ordinal)
            .Concat(other.HeadNames.Except(prompt.HeadNames, StringComparer.Ordinal));
        var where = $"before the messages: only one of them has {string.Join(", ", names)}";
        return new PromptDifference(position, where, quote) { Was = quote };
    }

    /// <summary>What the messages have in common.</summary>
    private static int RepeatedBehind(CanonicalPrompt prompt, CanonicalPrompt other)
    {
        var mine = prompt.Text[CanonicalPrompt.HeadLength..];
        var others = other.Text[CanonicalPrompt.HeadLength..];
        var shared = mine.CommonPrefixLength(others);
        return shared + TextAlignment.Repeated(mine[shared..], others[shared..]);
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> Members(ReadOnlyMemory<byte> head)
    {
        var members = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        while (head.Span.IndexOf(CanonicalPrompt.MessageMark) is var end and >= 0)
        {
            var nameEnd = head.Span.IndexOf(CanonicalPrompt.OtherMark);
            members[Encoding.ASCII.GetString(head.Span[..nameEnd])] = head[(nameEnd + 1)..end];
            head = head[(end + 1)..];
        }

        return members;
    }

    /// <summary>The text of a system message outside the messages: a string, or a list of text blocks.</summary>
    private static byte[]? TextOf(ReadOnlyMemory<byte> value)
    {
        if (JsonText.StringOrNull(value.Span) is { } text)
            return Encoding.UTF8.GetBytes(text);
        try
        {
            using var document = JsonDocument.Parse(value);
            return document.RootElement.ValueKind != JsonValueKind.Array ? null
                : Encoding.UTF8.GetBytes(string.Join('\n', document.RootElement.EnumerateArray().Select(TextOfBlock)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // too deep, or a lone surrogate
        }
    }

    private static string? TextOfBlock(JsonElement block) =>
        block.ValueKind == JsonValueKind.Object && block.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : block.GetRawText();
}
