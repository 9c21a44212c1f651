namespace Bioproxy.Parallel;

/// <summary>The outcome of one variant: its answer, or why there is none.</summary>
/// <param name="Answer">The answer, or null.</param>
/// <param name="Problem">Why there is none, or null.</param>
/// <param name="IsUnanswered">Whether the backend gave no response at all.</param>
internal sealed record Variant(string? Answer, string? Problem, bool IsUnanswered = false);
