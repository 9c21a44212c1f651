using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Admin;

public sealed class StateGaugesTests
{
    [Theory]
    [InlineData("Ready", 2, 1, 1, 1)]
    [InlineData("Ready", 0, 0, 3, 1)] // the backend does not show its slots
    [InlineData("Unreachable", 2, 1, 0, 0)]
    public void CountSlots_Backend_DecidesWhatIsCounted(string status, int slots, int busy, int expectedBusy, int expectedFree)
    {
        var backend = new BackendSummary(FakeProxyState.Url, Enum.Parse<BackendStatus>(status), null, null);
        var holding = new SlotHolding(SlotKind.Unknown, null, 0);
        SlotSummary[] views = [.. Enumerable.Range(0, slots).Select(id => new SlotSummary(id, id < busy, holding, null, false))];

        Assert.Equal((expectedBusy, expectedFree), StateGauges.CountSlots(backend, new QueueSummary(4, Used: 3, []), views));
    }
}
