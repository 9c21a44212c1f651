using System.Security.Cryptography;
using System.Text;

namespace Bioproxy.Rag;

/// <summary>The block of each message, limited in number; the least recently used is dropped first. Thread-safe.</summary>
internal sealed class BlockMemory(int maxBlocks, int maxCharacters)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<RememberedBlock>> _byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<RememberedBlock> _byUse = [];
    private long _characters;

    /// <summary>
    /// The key of a message: its words, and the key of the message with <c>/rag</c> before it in the conversation (empty for the first).
    /// </summary>
    /// <remarks>
    /// A question asked twice in a conversation has two keys, and conversations share no keys once they have diverged.
    /// </remarks>
    public static string Key(string before, string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{before}\n{text}")));

    /// <summary>The blocks, least recently used first.</summary>
    public IReadOnlyList<RememberedBlock> Blocks
    {
        get
        {
            lock (_lock)
                return [.. _byUse];
        }
    }

    /// <summary>The block a message got; null if unknown.</summary>
    public string? Find(string key)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Text;
        }
    }

    /// <summary>Remembers a message's block, replacing an earlier one.</summary>
    public void Remember(string key, string text)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out var former))
                Forget_NeedsLock(former);
            _byKey.Add(key, _byUse.AddLast(new RememberedBlock(key, text)));
            _characters += text.Length;
            while (_byUse.Count > maxBlocks || (_characters > maxCharacters && _byUse.Count > 1))
                Forget_NeedsLock(_byUse.First!);
        }
    }

    private void Forget_NeedsLock(LinkedListNode<RememberedBlock> node)
    {
        _byUse.Remove(node);
        _byKey.Remove(node.Value.Key);
        _characters -= node.Value.Text.Length;
    }
}
