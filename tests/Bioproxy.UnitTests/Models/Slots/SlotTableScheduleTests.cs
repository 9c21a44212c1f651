namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>The table against a simulated server under random schedules: no pinned work meets other work, and what is believed at
/// rest is true.</summary>
public sealed class SlotTableScheduleTests
{
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Schedule_OnePollAtATime_NoCollisionAndNoWrongBelief(int seed) => Simulate(seed, isUnified: false, maxPolls: 1);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Schedule_Unified_NoCollisionAndNoWrongBelief(int seed) => Simulate(seed, isUnified: true, maxPolls: 1);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Schedule_PollsOvertakeEachOther_NoCollisionAndNoWrongBelief(int seed) => Simulate(seed, isUnified: false, maxPolls: 3);

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    private static void Simulate(int seed, bool isUnified, int maxPolls) =>
        new SlotSimulation(seed, slots: 1 + (seed % 4), isUnified, maxPolls).Run(3000);
}
