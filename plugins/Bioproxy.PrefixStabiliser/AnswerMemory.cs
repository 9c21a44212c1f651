using System.Composition;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Texts that models wrote and clients sent, by where they come back. The oldest are forgotten; none is written to disk.</summary>
[Export]
[Shared]
public sealed class AnswerMemory
{
    private const int MaxTexts = 50_000;
    private const int MaxCharacters = 16 << 20;
    private const int Longest = 1 << 20;

    private readonly Lock _lock = new();
    private readonly LinkedList<(MemoryKey Key, string? Text)> _byAge = new();
    private readonly Dictionary<MemoryKey, LinkedListNode<(MemoryKey Key, string? Text)>> _texts = [];
    private long _characters;

    /// <summary>Whether it holds anything.</summary>
    internal bool IsEmpty => Volatile.Read(ref _characters) == 0;

    /// <summary>Remembers a text; one that differs from an earlier one in the same place makes the place ambiguous.</summary>
    internal void Add(MemoryKey key, string text)
    {
        lock (_lock)
            Put(key, _texts.TryGetValue(key, out var known) && known.Value.Text != text ? null : text);
    }

    /// <summary>Remembers a text in place of an earlier one.</summary>
    internal void Set(MemoryKey key, string text)
    {
        lock (_lock)
            Put(key, text);
    }

    /// <summary>The text in a place; null where none is known, or several are.</summary>
    internal string? Find(MemoryKey key)
    {
        lock (_lock)
        {
            if (!_texts.TryGetValue(key, out var found))
                return null;
            _byAge.Remove(found);
            _byAge.AddLast(found);
            return found.Value.Text;
        }
    }

    private static int Weight(string? text) => 64 + (text?.Length ?? 0);

    private void Put(MemoryKey key, string? text)
    {
        if (text?.Length > Longest)
            return;
        if (_texts.TryGetValue(key, out var known))
            Drop(known);
        _texts[key] = _byAge.AddLast((key, text));
        _characters += Weight(text);
        while (_characters > MaxCharacters || _texts.Count > MaxTexts)
            Drop(_byAge.First!);
    }

    private void Drop(LinkedListNode<(MemoryKey Key, string? Text)> node)
    {
        _byAge.Remove(node);
        _texts.Remove(node.Value.Key);
        _characters -= Weight(node.Value.Text);
    }
}
