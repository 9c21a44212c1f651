using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Snapshots;

/// <summary>A KV state on disk, as its sidecar describes it. Immutable.</summary>
/// <param name="File">The file's name in llama-server's slot folder.</param>
/// <param name="Prefix">The template it holds.</param>
/// <param name="Identity">What it is valid for.</param>
/// <param name="Tokens">Tokens it holds.</param>
/// <param name="TokensHash">A hash of those tokens: the template's version.</param>
/// <param name="Bytes">The file's size as the server reported it.</param>
/// <param name="Created">When it was saved.</param>
/// <param name="Chain">The canonical text it stands for.</param>
internal sealed record Snapshot(string File, string Prefix, string Identity, int Tokens, string TokensHash, long Bytes, DateTimeOffset Created, PromptChain Chain);
