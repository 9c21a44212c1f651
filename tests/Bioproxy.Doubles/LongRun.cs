namespace Bioproxy.Doubles;

/// <summary>
/// Whether the expensive cases run, too: further seeds and further combinations of what other cases already cover one by one.
/// </summary>
internal static class LongRun
{
    /// <summary>Set by <c>scripts/test.sh --long</c>.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("BIOPROXY_TEST_LONG") == "1";
}
