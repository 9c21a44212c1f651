using System.Text;

namespace Bioproxy.Host.Prompts;

/// <summary>The difference of two prompts that differ in what is rendered before the messages.</summary>
internal static class HeadDifference
{
    /// <param name="prompt">The prompt.</param>
    /// <param name="other">The earlier one.</param>
    /// <param name="position">Bytes of canonical text that they share.</param>
    /// <param name="withExcerpt">Whether it may be quoted.</param>
    public static PromptDifference Between(CanonicalPrompt prompt, CanonicalPrompt other, int position, bool withExcerpt)
    {
        var difference = new PromptDifference(position, "before the messages: another kind of endpoint", withExcerpt ? "" : null)
        {
            Was = withExcerpt ? "" : null,
        };
        if (position == 0)
            return difference;
        difference = difference with
        {
            Excerpt = withExcerpt ? PromptDifference.ExcerptOf(prompt.Text[position..]) : null,
            Was = withExcerpt ? PromptDifference.ExcerptOf(other.Text[position..]) : null,
        };
        var (mine, others) = (Members(prompt), Members(other));
        PromptDifference? first = null;
        var mendable = RepeatedBehind(prompt, other);
        foreach (var name in HeadMember.Names)
        {
            var (has, had) = (mine.TryGetValue(name, out var value), others.TryGetValue(name, out var earlier));
            if (!has && !had)
                continue;
            if (has != had)
            {
                first ??= difference with { Where = OnlyOne(prompt, other), Cause = CauseOf(name, MissCause.ToolsChanged) };
                continue;
            }

            if (value!.AsSpan().SequenceEqual(earlier))
            {
                mendable += value!.Length;
                continue;
            }

            var (where, cause, shared) = OfMember(name, value!, earlier!);
            first ??= difference with { Where = where, Cause = cause };
            mendable += shared;
        }

        return (first ?? difference with { Where = "before the messages" }) with { Mendable = mendable };
    }

    private static MissCause CauseOf(string name, MissCause ofTools) => name == "tools" ? ofTools : MissCause.Other;

    private static (string Where, MissCause Cause, int Shared) OfMember(string name, byte[] value, byte[] earlier)
    {
        if (name == "tools")
        {
            var tools = ToolDifference.Between(value, earlier);
            return (tools.Where, tools.Cause, tools.Shared);
        }

        var prefix = value.AsSpan().CommonPrefixLength(earlier);
        var shared = prefix + TextAlignment.Repeated(value.AsSpan(prefix), earlier.AsSpan(prefix));
        return ($"before the messages: in {name}", MissCause.Other, shared);
    }

    private static string OnlyOne(CanonicalPrompt prompt, CanonicalPrompt other)
    {
        var names = prompt.HeadNames.Except(other.HeadNames, StringComparer.Ordinal)
            .Concat(other.HeadNames.Except(prompt.HeadNames, StringComparer.Ordinal));
        return $"before the messages: only one of them has {string.Join(", ", names)}";
    }

    /// <summary>What the messages have in common.</summary>
    private static int RepeatedBehind(CanonicalPrompt prompt, CanonicalPrompt other)
    {
        var mine = prompt.Text[prompt.HeadLength..];
        var others = other.Text[other.HeadLength..];
        var shared = mine.CommonPrefixLength(others);
        return shared + TextAlignment.Repeated(mine[shared..], others[shared..]);
    }

    private static Dictionary<string, byte[]> Members(CanonicalPrompt prompt)
    {
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var head = prompt.Text[1..prompt.HeadLength];
        while (head.IndexOf(CanonicalPrompt.OtherMark) is var name and >= 0)
        {
            var value = head[(name + 1)..];
            var end = value.IndexOf(CanonicalPrompt.OtherMark);
            members[Encoding.ASCII.GetString(head[..name])] = value[..end].ToArray();
            head = value[(end + 1)..];
        }

        return members;
    }
}
