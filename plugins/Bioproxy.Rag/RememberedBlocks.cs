using System.Text.Json.Serialization;

namespace Bioproxy.Rag;

/// <summary>The file of remembered blocks: the one used longest ago comes first.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RememberedBlocks(int Version, IReadOnlyList<RememberedBlock> Blocks)
{
    public const int CurrentVersion = 1;
}
