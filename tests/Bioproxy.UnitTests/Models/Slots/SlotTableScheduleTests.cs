namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>The table against a simulated server under random schedules: no pinned work meets other work, and what is believed at rest is true.</summary>
public sealed class SlotTableScheduleTests
{
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Schedule_OneLookAtATime_NoCollisionAndNoWrongBelief(int seed) => Simulate(seed, isUnified: false, maxLooks: 1);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Schedule_Unified_NoCollisionAndNoWrongBelief(int seed) => Simulate(seed, isUnified: true, maxLooks: 1);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Schedule_LooksOvertakeEachOther_NoCollisionAndNoWrongBelief(int seed) => Simulate(seed, isUnified: false, maxLooks: 3);

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    private static void Simulate(int seed, bool isUnified, int maxLooks) => new SlotSimulation(seed, slots: 1 + (seed % 4), isUnified, maxLooks).Run(3000);
}
