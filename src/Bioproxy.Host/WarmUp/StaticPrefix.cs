namespace Bioproxy.Host.WarmUp;

/// <summary>The tokens that every prompt of a template begins with, whatever the user writes.</summary>
/// <param name="Tokens">The tokens.</param>
/// <param name="Hash">Their hash.</param>
/// <param name="TotalTokens">Tokens of a whole rendered prompt with a short message.</param>
internal sealed record StaticPrefix(int[] Tokens, string Hash, int TotalTokens);
