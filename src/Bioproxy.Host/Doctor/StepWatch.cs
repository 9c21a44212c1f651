using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Doctor;

/// <summary>Measures an evaluation by the progress reports of the server.</summary>
internal sealed class StepWatch(TimeProvider time)
{
    private long _begun = time.GetTimestamp();
    private long _last;
    private int _processed = -1;
    private int _longest;
    private TimeSpan _longestDuration;

    /// <summary>Called after every batch; the first call, with the cached tokens, comes when the slot starts.</summary>
    public void Step(int cached, int processed, int total)
    {
        var now = time.GetTimestamp();
        if (_processed < 0)
        {
            _begun = now;
        }
        else if (processed - _processed > _longest)
        {
            _longest = processed - _processed;
            _longestDuration = time.GetElapsedTime(_last, now);
        }

        _processed = processed;
        _last = now;
    }

    public Evaluation End(int known, EvaluationResult result) =>
        new(known, result.CachedTokens, result.ComputedTokens, time.GetElapsedTime(_begun), _longest, _longestDuration);
}
