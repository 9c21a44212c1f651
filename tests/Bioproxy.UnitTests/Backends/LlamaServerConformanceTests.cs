using Bioproxy.Doubles;
using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Backends;

/// <summary>What every driver for a llama-server promises besides.</summary>
public abstract class LlamaServerConformanceTests : DriverConformanceTests
{
    private protected override string FirstQuestion => "/props";

    [Fact]
    public async Task Discover_Asleep_IsSleepingWithoutFacts()
    {
        Server.FallAsleep();

        Assert.Equal(Discovery.Found(BackendStatus.Sleeping, null, "it sleeps until a request comes"), await DiscoverAsync());
    }

    [Fact]
    public async Task Discover_Loading_IsLoading()
    {
        Server.IsLoading = true;

        var found = await DiscoverAsync();

        Assert.Equal((DiscoveryKind.Found, BackendStatus.Loading), (found.Kind, found.Status));
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/lora-adapters")]
    [InlineData("/slots")]
    [InlineData("/slots/0")]
    public async Task Discover_OneFactHasAServerError_IsNoFact(string path)
    {
        Server.Misbehave(path, FakeMisbehaviour.Answer(503));

        Assert.NotEqual(DiscoveryKind.Found, (await DiscoverAsync()).Kind);
    }

    [Fact]
    public async Task CheckProcess_AnswersDecide()
    {
        var facts = (await DiscoverAsync()).Facts!;
        Assert.Equal(ProcessCheck.Same, await CheckAsync(facts));
        Server.Misbehave("/props", FakeMisbehaviour.Answer(500));
        Assert.Equal(ProcessCheck.NoAnswer, await CheckAsync(facts));
        Server.FallAsleep();
        Assert.Equal(ProcessCheck.Other, await CheckAsync(facts));
        Server.Restart();
        Assert.Equal(ProcessCheck.Other, await CheckAsync(facts));
        Server.Kill();
        Assert.Equal(ProcessCheck.Other, await CheckAsync(facts));
    }

    [Fact]
    public async Task CheckProcess_NoMarker_IsUnknown()
    {
        Server.Restart(o => o with { HasMarker = false });

        Assert.Equal(ProcessCheck.Unknown, await CheckAsync((await DiscoverAsync()).Facts!));
    }

    [Fact]
    public async Task CheckProcess_AdaptersAnswer_ServerErrorIsNoAnswerAndOthersAreAnother()
    {
        // Fault 13: one 5xx of /lora-adapters retired a model that had adapters.
        var facts = (await DiscoverAsync()).Facts! with { Adapters = "[{\"id\":0}]" };
        Server.Misbehave("/lora-adapters", FakeMisbehaviour.Answer(500));
        Assert.Equal(ProcessCheck.NoAnswer, await CheckAsync(facts));
        Server.Misbehave("/lora-adapters", FakeMisbehaviour.Garbage(facts.Adapters));
        Assert.Equal(ProcessCheck.Same, await CheckAsync(facts));
        Assert.Equal(ProcessCheck.Other, await CheckAsync(facts));
    }

    [Fact]
    public async Task CheckProcess_PropsSilent_IsNoAnswer()
    {
        // Invariant 10: silence proves nothing. Takes the real ten seconds of a quick call.
        var facts = (await DiscoverAsync()).Facts!;
        using var gate = new FakeGate();
        Server.Misbehave("/props", FakeMisbehaviour.NeverAnswer(gate));

        Assert.Equal(ProcessCheck.NoAnswer, await CheckAsync(facts));
    }

    [Fact]
    public async Task Wake_Asleep_IsReadyAfterwards()
    {
        Server.FallAsleep();

        await Driver.WakeAsync(default).DefaultTimeout();

        Assert.Equal(BackendStatus.Ready, (await DiscoverAsync()).Status);
    }

    private Task<ProcessCheck> CheckAsync(BackendFacts facts) => Driver.CheckProcessAsync(facts, default).DefaultTimeout();
}
