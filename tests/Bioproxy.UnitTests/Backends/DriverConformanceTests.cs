using Bioproxy.Doubles;
using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Backends;

/// <summary>What every driver promises, whatever kind of server it is for.</summary>
public abstract class DriverConformanceTests : IAsyncDisposable
{
    private protected FakeBackend Server { get; } = FakeBackend.Start();

    /// <summary>What discovery asks first.</summary>
    private protected abstract string FirstQuestion { get; }

    private protected abstract IBackendDriver Driver { get; }

    public async ValueTask DisposeAsync()
    {
        Driver.Dispose();
        await Server.DisposeAsync();
        Assert.Empty(Server.Problems);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Discover_ServerIsThere_IsReady()
    {
        var found = await DiscoverAsync();

        Assert.Equal((DiscoveryKind.Found, BackendStatus.Ready), (found.Kind, found.Status));
        Assert.NotNull(found.Facts);
        Assert.Null(found.Problem);
    }

    [Fact]
    public async Task Discover_Twice_FindsEqualFacts()
    {
        var first = await DiscoverAsync();
        var second = await Driver.DiscoverAsync(new BackendState(first.Status, first.Facts, first.Problem), default).DefaultTimeout();

        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Discover_Asleep_DoesNotWakeIt()
    {
        // Fault: a question that needs the model loads it, and --sleep-idle-seconds never comes.
        var before = await DiscoverAsync();
        Server.FallAsleep();
        var asked = Server.Requests.Count;
        await Driver.DiscoverAsync(new BackendState(before.Status, before.Facts, before.Problem), default).DefaultTimeout();
        await DiscoverAsync();

        string[] harmless = ["/props", "/v1/models", "/health", "/running", "/api/version", "/api/tags"];
        Assert.All(Server.Requests.Skip(asked), request => Assert.Contains(request.Path, harmless));
    }

    [Fact]
    public async Task Discover_ConnectionRefused_IsUnreachable()
    {
        Server.Kill();

        var found = await DiscoverAsync();

        Assert.Equal((DiscoveryKind.Found, BackendStatus.Unreachable, null), (found.Kind, found.Status, found.Facts));
        Assert.False(string.IsNullOrEmpty(found.Problem));
    }

    [Fact]
    public async Task Discover_ConnectTimesOut_IsUnreachableAndNotSilent()
    {
        // Fault 1: it counted as silence, which changes nothing, so a host that was switched off stayed ready.
        using var full = new FullListener();
        using var driver = Create(full.Address, TimeSpan.FromMilliseconds(200));

        var found = await driver.DiscoverAsync(BackendState.NotAsked, default).DefaultTimeout();

        Assert.Equal((DiscoveryKind.Found, BackendStatus.Unreachable), (found.Kind, found.Status));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(504)]
    public async Task Discover_ServerError_IsAFailureAndNoFact(int status)
    {
        // Fault 13: it became the fact "no llama-server".
        Server.Misbehave(FirstQuestion, FakeMisbehaviour.Answer(status, "out of order"));

        var found = await DiscoverAsync();

        Assert.Equal((DiscoveryKind.Failed, null), (found.Kind, found.Facts));
        Assert.Contains("out of order", found.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1,[]]")]
    [InlineData("\"text\"")]
    [InlineData("{\"total_slots\":[],\"build_info\":{},\"media_marker\":1,\"is_sleeping\":2,\"data\":[{\"meta\":5}],\"role\":[]}")]
    public async Task Discover_EverythingIsGarbage_IsSurvived(string body)
    {
        for (var i = 0; i < 8; i++)
            Server.Misbehave(_ => true, FakeMisbehaviour.Garbage(body));

        Assert.NotEqual(DiscoveryKind.Silence, (await DiscoverAsync()).Kind);
    }

    [Fact]
    public async Task Discover_NoAnswer_IsSilence()
    {
        // Takes the real ten seconds of a quick call.
        using var gate = new FakeGate();
        Server.Misbehave(FirstQuestion, FakeMisbehaviour.NeverAnswer(gate));

        Assert.Equal(Discovery.Silence, await DiscoverAsync());
    }

    [Fact]
    public async Task AnyCall_CallerCancels_Throws()
    {
        var facts = (await DiscoverAsync()).Facts!;
        using var gate = new FakeGate();
        using var leaving = new CancellationTokenSource();
        Server.Misbehave(FirstQuestion, FakeMisbehaviour.NeverAnswer(gate));
        var asked = Driver.DiscoverAsync(BackendState.NotAsked, leaving.Token);
        await gate.Reached.DefaultTimeout();
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.DefaultTimeout());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Driver.CheckProcessAsync(facts, leaving.Token).DefaultTimeout());
    }

    [Fact]
    public async Task AnyCall_ServerIsGone_IsAValue()
    {
        var facts = (await DiscoverAsync()).Facts!;
        Server.Kill();

        Assert.NotEqual(ProcessCheck.Same, await Driver.CheckProcessAsync(facts, default).DefaultTimeout());
        await Driver.WakeAsync(default).DefaultTimeout();
        if (Driver.Slots is not { } slots)
            return;
        Assert.True((await slots.GetSlotsAsync(default).DefaultTimeout()).IsUnreachable);
        Assert.True((await slots.SaveAsync(0, "a.bin", default).DefaultTimeout()).IsUnreachable);
        Assert.True((await slots.RestoreAsync(0, "a.bin", default).DefaultTimeout()).IsUnreachable);
        Assert.True((await slots.TokenizeAsync("x", default).DefaultTimeout()).IsUnreachable);
        Assert.True((await slots.EvaluateAsync([1], 0, true, static (_, _, _) => { }, default).DefaultTimeout()).IsUnreachable);
        Assert.False(await slots.EraseAsync(0, default).DefaultTimeout());
    }

    [Fact]
    public async Task CheckProcess_NothingHappened_IsNotAnother()
    {
        var facts = (await DiscoverAsync()).Facts!;

        Assert.Contains(await Driver.CheckProcessAsync(facts, default).DefaultTimeout(), new[] { ProcessCheck.Same, ProcessCheck.Unknown });
    }

    [Fact]
    public void Dispose_Twice_DoesNothing()
    {
        Driver.Dispose();
        Driver.Dispose();
    }

    private protected abstract IBackendDriver Create(Uri url, TimeSpan connectTimeout);

    private protected Task<Discovery> DiscoverAsync() => Driver.DiscoverAsync(BackendState.NotAsked, default).DefaultTimeout();
}
