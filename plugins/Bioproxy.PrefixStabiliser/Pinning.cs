using System.Globalization;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Keeps what rules that pin find in one prompt as it was first in its conversation. A conversation is known by its first user message
/// without what is pinned in it; one that has no answer yet begins anew, and no pin lives longer than a day.
/// </summary>
internal sealed class Pinning
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private readonly IReadOnlyList<Rule> _rules;
    private readonly AnswerMemory _memory;
    private readonly PromptContext _context;
    private readonly DateTimeOffset _now;
    private readonly MemoryHash _conversation;
    private readonly bool _isNew;
    private readonly int[] _found;

    public Pinning(IReadOnlyList<Rule> rules, AnswerMemory memory, PromptContext context, DateTimeOffset now)
    {
        _rules = rules;
        _memory = memory;
        _context = context;
        _now = now;
        _isNew = context.Messages.All(message => message.Role is "system" or "developer" or "user");
        _found = new int[rules.Count];
        _conversation = Conversation();
    }

    /// <summary>The rules that changed something, with the number of places.</summary>
    public Dictionary<string, int> Changed { get; } = new(StringComparer.Ordinal);

    /// <returns>The text with what is pinned; <paramref name="text"/> itself when nothing changed.</returns>
    public string Apply(string text, RulePlaces place)
    {
        for (var i = 0; i < _rules.Count; i++)
        {
            var rule = _rules[i];
            if ((rule.Places & place) == 0)
                continue;
            var index = i;
            text = rule.Replace(text, found => Pinned(rule.Name, index, found));
        }

        return text;
    }

    private string Pinned(string rule, int index, string found)
    {
        var key = MemoryKey.Pin(_context.Domain, _conversation, rule, _found[index]++);
        if (!_isNew && _memory.Find(key) is { } kept && kept.IndexOf(' ', StringComparison.Ordinal) is var at and > 0
            && long.TryParse(kept.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && _now - new DateTimeOffset(ticks, TimeSpan.Zero) < Longest)
        {
            var pinned = kept[(at + 1)..];
            if (string.Equals(pinned, found, StringComparison.Ordinal))
                return found;
            Changed[rule] = Changed.GetValueOrDefault(rule) + 1;
            return pinned;
        }

        _memory.Set(key, string.Create(CultureInfo.InvariantCulture, $"{_now.UtcTicks} {found}"));
        return found;
    }

    private MemoryHash Conversation()
    {
        var first = _context.Messages.FirstOrDefault(message => message.Role == "user");
        var text = string.Join('\n', first?.Parts.Select(part => part.Text) ?? []);
        foreach (var rule in _rules)
            text = rule.Take(text, []);
        return MemoryHash.Of(text);
    }
}
