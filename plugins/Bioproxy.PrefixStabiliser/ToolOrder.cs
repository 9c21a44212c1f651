using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Keeps a list of tools as it was sent before: in the same order, new tools behind the known ones (<c>tool_order</c>), and each tool in
/// the bytes in which it was sent before where only the order of its members differs (<c>schema_order</c>). A list is known by what its
/// tools are, not by their names: every agent has a <c>bash</c> and an <c>edit</c> of its own.
/// </summary>
internal sealed class ToolOrder(bool keepsOrder, bool keepsSchemas) : IPromptRule
{
    private const int MaxLists = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<KnownList> _lists = new(); // the newest first

    public string Name => keepsOrder ? "tool_order" : "schema_order";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        if (context.IsWarmUp || context.Member("tools") is not { } value || ToolList.Read(value) is not { Count: > 0 } tools
            || tools.DistinctBy(tool => tool.Name, StringComparer.Ordinal).Count() < tools.Count)
            return 0;
        var kept = Keep(context.Domain, tools);
        var changed = tools.Zip(kept).Count(pair => !pair.First.Bytes.Span.SequenceEqual(pair.Second.Bytes.Span));
        if (changed > 0)
            context.ReplaceMember("tools", ToolList.With(value, tools, kept));
        return changed;
    }

    private List<Tool> Keep(string? domain, List<Tool> tools)
    {
        var contents = tools.Select(tool => JsonContent.HashOf(tool.Bytes.Span)).ToHashSet();
        lock (_lock)
        {
            var known = Closest(domain, contents);
            var byName = tools.ToDictionary(tool => tool.Name, StringComparer.Ordinal);
            var kept = new List<Tool>();
            if (known is not null && keepsOrder)
                kept.AddRange(known.Tools.Where(tool => byName.ContainsKey(tool.Name)).Select(tool => byName[tool.Name]));
            kept.AddRange(tools.Where(tool => !kept.Contains(tool)));
            if (known is not null && keepsSchemas)
            {
                for (var i = 0; i < kept.Count; i++)
                    kept[i] = Known(known.Tools, kept[i]);
            }

            Remember(new KnownList(domain, [.. kept.Select(tool => tool with { Bytes = tool.Bytes.ToArray() })], contents));
            return kept;
        }
    }

    /// <summary>Of the lists with at least half of these tools the one with the most.</summary>
    private KnownList? Closest(string? domain, HashSet<int> contents)
    {
        KnownList? closest = null;
        var most = Minority(contents);
        foreach (var list in _lists)
        {
            if (list.Domain != domain)
                continue;
            var shared = list.Contents.Count(contents.Contains);
            if (shared > most)
                (closest, most) = (list, shared);
        }

        return closest;
    }

    /// <summary>Too few of these tools to know them by.</summary>
    private static int Minority(HashSet<int> contents) => (contents.Count - 1) / 2;

    private static Tool Known(IReadOnlyList<Tool> known, Tool tool)
    {
        foreach (var other in known)
        {
            if (other.Name == tool.Name)
                return !other.Bytes.Span.SequenceEqual(tool.Bytes.Span) && AreEqual(other.Bytes, tool.Bytes) ? other : tool;
        }

        return tool;
    }

    private static bool AreEqual(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        try
        {
            using var left = JsonDocument.Parse(one);
            using var right = JsonDocument.Parse(other);
            return JsonElement.DeepEquals(left.RootElement, right.RootElement);
        }
        catch (JsonException)
        {
            return false; // nested deeper than anybody's schema
        }
    }

    private void Remember(KnownList list)
    {
        for (var node = _lists.First; node is not null; node = node.Next)
        {
            var known = node.Value;
            if (known.Domain != list.Domain || known.Contents.Count(list.Contents.Contains) <= Minority(list.Contents)
                || !known.Tools.Select(tool => tool.Name).SequenceEqual(list.Tools.Select(tool => tool.Name)))
                continue;
            _lists.Remove(node);
            break;
        }

        _lists.AddFirst(list);
        if (_lists.Count > MaxLists)
            _lists.RemoveLast();
    }

    /// <param name="Domain">Whose it is.</param>
    /// <param name="Tools">The tools as they were sent, in bytes of their own: the body goes back to its pool.</param>
    /// <param name="Contents">What each of them says (<see cref="JsonContent"/>).</param>
    private sealed record KnownList(string? Domain, IReadOnlyList<Tool> Tools, HashSet<int> Contents);
}
