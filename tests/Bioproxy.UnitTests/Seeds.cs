using Bioproxy.Doubles;

namespace Bioproxy.UnitTests;

/// <summary>The seeds of tests that play many schedules.</summary>
internal static class Seeds
{
    /// <param name="few">How many are played in every run, from 1 on.</param>
    /// <param name="many">How many in a long one.</param>
    public static TheoryData<int> Of(int few, int many) => [.. Enumerable.Range(1, LongRun.IsOn ? many : few)];
}
