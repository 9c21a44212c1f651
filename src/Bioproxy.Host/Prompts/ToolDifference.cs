using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>How two lists of tools differ.</summary>
/// <param name="Cause">Their order, that of the members of a schema, or their content.</param>
/// <param name="Where">In words.</param>
/// <param name="Shared">Bytes of tools that both have.</param>
internal readonly record struct ToolDifference(MissCause Cause, string Where, int Shared)
{
    public static ToolDifference Between(ReadOnlyMemory<byte> tools, ReadOnlyMemory<byte> earlier)
    {
        try
        {
            using var mine = JsonDocument.Parse(tools);
            using var others = JsonDocument.Parse(earlier);
            return mine.RootElement.ValueKind == JsonValueKind.Array && others.RootElement.ValueKind == JsonValueKind.Array
                ? Between([.. mine.RootElement.EnumerateArray()], [.. others.RootElement.EnumerateArray()])
                : new ToolDifference(MissCause.ToolsChanged, "tools", 0);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new ToolDifference(MissCause.ToolsChanged, "tools", 0); // too deep, or a lone surrogate
        }
    }

    private static ToolDifference Between(List<JsonElement> mine, List<JsonElement> others)
    {
        var ordered = mine.ConvertAll(static tool => JsonCanon.Of(tool));
        var earlier = others.ConvertAll(static tool => JsonCanon.Of(tool));
        var left = earlier.GroupBy(tool => tool, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var (shared, common) = (0, 0);
        foreach (var tool in ordered)
        {
            if (left.GetValueOrDefault(tool) == 0)
                continue;
            left[tool]--;
            common++;
            shared += tool.Length;
        }

        if (ordered.SequenceEqual(earlier, StringComparer.Ordinal))
        {
            var at = mine.Zip(others).TakeWhile(pair => pair.First.GetRawText() == pair.Second.GetRawText()).Count();
            return new ToolDifference(MissCause.SchemaOrder, PlaceOf(mine, at), shared);
        }

        var first = ordered.Zip(earlier).TakeWhile(pair => pair.First == pair.Second).Count();
        var isReordered = common == ordered.Count && common == earlier.Count;
        return new ToolDifference(isReordered ? MissCause.ToolOrder : MissCause.ToolsChanged, PlaceOf(mine, first), shared);
    }

    private static string PlaceOf(List<JsonElement> tools, int at)
    {
        if (at >= tools.Count)
            return $"tools, after the last one ({tools.Count})";
        var name = NameOf(tools[at]);
        return name is null ? $"tools, tool {at + 1}" : $"tools, tool {at + 1} ({name})";
    }

    private static string? NameOf(JsonElement tool) => tool.ValueKind != JsonValueKind.Object ? null
        : tool.MemberOrNull("function") is { ValueKind: JsonValueKind.Object } function ? NameOf(function)
        : tool.MemberOrNull("name") is { ValueKind: JsonValueKind.String } name
            ? JsonText.StringOrNull(Encoding.UTF8.GetBytes(name.GetRawText()))
        : null;
}
