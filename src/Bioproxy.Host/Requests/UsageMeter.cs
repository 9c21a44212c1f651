using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Requests;

/// <summary>Adds up the tokens of the questions that a plugin asks, several at a time.</summary>
/// <param name="isWanted">The client wants to know.</param>
internal sealed class UsageMeter(bool isWanted)
{
    private readonly Lock _lock = new();
    private ReplyUsage _usage = new(isWanted);

    public ReplyUsage Usage
    {
        get
        {
            lock (_lock)
                return _usage;
        }
    }

    /// <summary>A question was answered.</summary>
    public void Add(PromptTimings timings)
    {
        lock (_lock)
        {
            _usage = _usage with
            {
                Prompt = _usage.Prompt + timings.PromptTokens,
                Cached = _usage.Cached + timings.CachedTokens,
                Generated = _usage.Generated + timings.GeneratedTokens,
            };
        }
    }
}
