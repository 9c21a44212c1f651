using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>The misses of one client for one cause.</summary>
/// <param name="Client">Its program.</param>
/// <param name="Domain">The hash of its API key; null for none.</param>
/// <param name="Cause">What had changed.</param>
/// <param name="Rule">The prefix stabiliser's rule that would have mended it; null when there is none.</param>
internal sealed record MissSum(string Client, string? Domain, MissCause Cause, string? Rule)
{
    public int Count { get; init; }
    public long Tokens { get; init; }
    public double Seconds { get; init; }

    public MissSum With(Miss miss) =>
        this with { Count = Count + 1, Tokens = Tokens + miss.LostTokens, Seconds = Seconds + miss.LostSeconds };
}
