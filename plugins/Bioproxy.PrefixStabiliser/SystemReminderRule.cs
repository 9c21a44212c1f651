using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Keeps <c>&lt;system-reminder&gt;</c> blocks where they were first. Coding agents put them into the newest message, and in the next
/// request that message comes without them, or they stand in another one: everything behind it would be computed again. A message gets
/// back what it was first sent with; the newest message stays as the client wrote it, so the model reads a reminder where the client
/// wants it now, and where it was before.
/// </summary>
/// <remarks>A message is known by the texts of all messages up to it that are not the model's, without their reminders. One that has other
/// reminders than before, or came with different ones in two conversations, stays as it is.</remarks>
internal sealed class SystemReminderRule(AnswerMemory memory) : IPromptRule
{
    /// <summary>Stands between texts in the memory.</summary>
    private const char Separator = '\0';

    public string Name => "system_reminder";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        if (context.IsWarmUp || (memory.IsEmpty && context.Body.Span.IndexOf("system-reminder"u8) < 0))
            return 0; // clients escape the brackets, or do not
        var count = 0;
        var before = default(MemoryHash);
        foreach (var message in context.Messages.Where(static message => message.Role is "user" or "tool" or ""))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var contents = Read(message.Parts);
            var results = Read(message.OtherParts.Where(static part => part is { Type: "tool_result", IsJson: false }));
            var bare = contents.Concat(results).Select(static text => text.Found.Bare).Where(static text => text.Length > 0).ToList();
            if (bare.Count == 0)
                continue; // nothing but reminders, or a call: the message may be missing next time
            foreach (var text in bare)
                before = before.Then(MemoryHash.Of(text));
            count += Keep(context.Domain, before, "result", results) + Keep(context.Domain, before, "text", contents)
                + KeepLast(context.Domain, before, message, contents);
        }

        return count;
    }

    private static List<(PromptPart Part, Reminders Found)> Read(IEnumerable<PromptPart> parts)
    {
        var read = new List<(PromptPart, Reminders)>();
        foreach (var part in parts)
        {
            if (part.Text is { } text)
                read.Add((part, Reminders.In(text)));
        }

        return read;
    }

    /// <summary>Reminders inside other texts.</summary>
    private int Keep(string? domain, MemoryHash before, string name, List<(PromptPart Part, Reminders Found)> texts)
    {
        var (count, number) = (0, 0);
        foreach (var (part, found) in texts)
        {
            if (found.Bare.Length == 0)
                continue;
            var key = MemoryKey.Reminder(domain, before, $"{name} {number++}");
            if (memory.Find(key) is { } first && found.AreFewerThan(Reminders.In(first)))
            {
                part.Text = first;
                count++;
            }
            else if (found.Blocks.Count > 0)
            {
                memory.Add(key, part.Text!);
            }
        }

        return count;
    }

    /// <summary>Reminders that are parts of their own behind all others.</summary>
    private int KeepLast(string? domain, MemoryHash before, PromptMessage message, List<(PromptPart Part, Reminders Found)> texts)
    {
        var last = new Stack<string>();
        for (var i = texts.Count - 1; i >= 0 && texts[i].Found.IsAll; i--)
        {
            if (!ReferenceEquals(message.Parts[^(last.Count + 1)], texts[i].Part))
                break;
            last.Push(texts[i].Part.Text!);
        }

        var key = MemoryKey.Reminder(domain, before, "last");
        var known = memory.Find(key)?.Split(Separator);
        if (known is not null && message.CanAddText && last.Count < known.Length
            && known.AsSpan(0, last.Count).SequenceEqual(last.ToArray()))
        {
            foreach (var text in known.AsSpan(last.Count))
                message.AddText(text);
            return known.Length - last.Count;
        }

        if (last.Count > 0 && !last.Any(static text => text.Contains(Separator, StringComparison.Ordinal)))
            memory.Add(key, string.Join(Separator, last));
        return 0;
    }
}
