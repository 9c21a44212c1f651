using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Classes that take longest begin first, so that none of them runs on alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        nameof(ManyConversationsTests), nameof(ScheduleTests), nameof(CrashTests), nameof(SwapTests), nameof(DoctorTests),
        nameof(KvCommandTests),
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(
            collection => Array.FindIndex(Longest, name => collection.DisplayName.EndsWith("." + name, StringComparison.Ordinal)) is var at
                && at < 0 ? Longest.Length : at);
}
