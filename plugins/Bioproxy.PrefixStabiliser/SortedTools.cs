using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Sorts the tools by name.</summary>
internal sealed class SortedTools : IPromptRule
{
    public string Name => "sort_tools";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        if (context.Member("tools") is not { } tools || ToolList.Sort(tools) is not { } sorted)
            return 0;
        context.ReplaceMember("tools", sorted);
        return 1;
    }
}
