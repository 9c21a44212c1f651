using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>A prefix that had been computed before and was computed again.</summary>
/// <param name="Difference">Where the prompt differs from the earlier one.</param>
/// <param name="Tokens">Tokens that would have been reused without the difference.</param>
internal readonly record struct LostPrefix(PromptDifference Difference, int Tokens);
