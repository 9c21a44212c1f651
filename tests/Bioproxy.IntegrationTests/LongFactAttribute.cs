using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>A test for long runs only (<c>scripts/test.sh --long</c>).</summary>
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (!LongRun.IsOn)
            Skip = "Runs with scripts/test.sh --long.";
    }
}
