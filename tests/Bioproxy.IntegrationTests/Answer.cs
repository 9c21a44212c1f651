using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>The proxy's answer to a chat request that did not stream.</summary>
/// <param name="Status">The status.</param>
/// <param name="Cache"><c>X-Bioproxy-Cache</c>.</param>
/// <param name="Slot"><c>X-Bioproxy-Slot</c>.</param>
/// <param name="Body">The answer.</param>
internal sealed record Answer(HttpStatusCode Status, string? Cache, string? Slot, JsonNode Body)
{
    public string Text => (string)Body["choices"]![0]!["message"]!["content"]!;

    /// <summary>Prompt tokens that were reused.</summary>
    public int CachedTokens => (int)Body["timings"]!["cache_n"]!;

    /// <summary>Prompt tokens that were computed.</summary>
    public int ComputedTokens => (int)Body["timings"]!["prompt_n"]!;

    public int PromptTokens => CachedTokens + ComputedTokens;

    /// <summary>The distribution of the first token, where the request asked for it.</summary>
    public FirstToken First => ChatProbe.Read(Body);

    public override string ToString() => $"{(int)Status} {Cache} in slot {Slot}: {CachedTokens} of {PromptTokens} prompt tokens reused";
}
