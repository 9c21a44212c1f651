using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>A snapshot that holds a complete prefix of some content.</summary>
/// <param name="File">Its name.</param>
/// <param name="Tokens">Tokens it holds.</param>
/// <param name="Chain">The text it stands for.</param>
/// <param name="IsConversation">A newer state of the same conversation replaces it; a template stays.</param>
internal sealed record SavedPrefix(string File, int Tokens, PromptChain Chain, bool IsConversation);
