using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Keeps a list of tools as it was sent before: in the same order, new tools behind the known ones (<c>tool_order</c>), and each tool in
/// the bytes in which it was sent before where only the order of its members differs (<c>schema_order</c>).
/// </summary>
internal sealed class ToolOrder(bool keepsOrder, bool keepsSchemas) : IPromptRule
{
    private const int MaxLists = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<(string? Domain, IReadOnlyList<Tool> Tools)> _lists = new(); // the newest first

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
        lock (_lock)
        {
            var known = Closest(domain, tools);
            var byName = tools.ToDictionary(tool => tool.Name, StringComparer.Ordinal);
            var kept = new List<Tool>();
            if (known is not null && keepsOrder)
                kept.AddRange(known.Where(tool => byName.ContainsKey(tool.Name)).Select(tool => byName[tool.Name]));
            kept.AddRange(tools.Where(tool => !kept.Contains(tool)));
            if (known is not null && keepsSchemas)
            {
                for (var i = 0; i < kept.Count; i++)
                    kept[i] = Known(known, kept[i]);
            }

            Remember(domain, kept);
            return kept;
        }
    }

    /// <summary>Of the lists with at least half of these tools the one with the most.</summary>
    private IReadOnlyList<Tool>? Closest(string? domain, List<Tool> tools)
    {
        var names = tools.Select(tool => tool.Name).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<Tool>? closest = null;
        var most = (names.Count - 1) / 2;
        foreach (var (owner, list) in _lists)
        {
            if (owner != domain)
                continue;
            var shared = list.Count(tool => names.Contains(tool.Name));
            if (shared > most)
                (closest, most) = (list, shared);
        }

        return closest;
    }

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

    private void Remember(string? domain, List<Tool> tools)
    {
        for (var node = _lists.First; node is not null; node = node.Next)
        {
            if (node.Value.Domain != domain || !node.Value.Tools.Select(tool => tool.Name).SequenceEqual(tools.Select(tool => tool.Name)))
                continue;
            _lists.Remove(node);
            break;
        }

        _lists.AddFirst((domain, [.. tools.Select(tool => tool with { Bytes = tool.Bytes.ToArray() })])); // the body goes back to its pool
        if (_lists.Count > MaxLists)
            _lists.RemoveLast();
    }
}
