using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Admin;

public sealed class StateGaugesTests
{
    private static readonly QueueView Queue = new(4, Used: 3, 0, 0, 0, InteractiveActive: 3, 0, 0);

    [Theory]
    [InlineData("Ready", 2, 1, 1, 1)]
    [InlineData("Ready", 0, 0, 3, 1)] // the backend does not show its slots
    [InlineData("Unreachable", 2, 1, 0, 0)]
    public void CountSlots_Backend_DecidesWhatIsCounted(string status, int slots, int busy, int expectedBusy, int expectedFree)
    {
        SlotView[] views = [.. Enumerable.Range(0, slots).Select(id => new SlotView(id, id < busy, null, null, null))];

        Assert.Equal((expectedBusy, expectedFree), StateGauges.CountSlots(new BackendState(1, Enum.Parse<BackendStatus>(status), null, null), Queue, views));
    }
}
