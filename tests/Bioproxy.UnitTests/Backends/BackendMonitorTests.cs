using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Backends;

public sealed class BackendMonitorTests : IAsyncDisposable
{
    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly TestClock _time = new();
    private readonly DetectingDriver _driver;
    private readonly BackendMonitor _monitor;
    private readonly StateLog _changes;

    public BackendMonitorTests()
    {
        _driver = new DetectingDriver(_backend.BaseAddress, TimeSpan.FromSeconds(5), null);
        _monitor = new BackendMonitor(_driver, _backend.BaseAddress, TimeSpan.FromSeconds(2), _time, NullLogger<BackendMonitor>.Instance);
        _changes = new StateLog(_monitor);
    }

    public async ValueTask DisposeAsync()
    {
        _monitor.Dispose();
        _driver.Dispose();
        await _backend.DisposeAsync();
        Assert.Empty(_backend.Problems);
    }

    [Fact]
    public void State_NotAskedYet_IsUnknown() => Assert.Same(BackendState.NotAsked, _monitor.State);

    [Fact]
    public async Task Check_LlamaServer_TellsItsFacts()
    {
        var state = await CheckAsync();

        Assert.Equal((BackendStatus.Ready, null, true), (state.Status, state.Problem, state.HasSlots));
        var facts = state.Facts!;
        Assert.True(facts is { IsLlamaServer: true, IsRouter: false, CanReadSlots: true, CanSaveSlots: true, Missing: null });
        Assert.Equal(
            (2, 32768, "fake-model", "F16", "b1-fake", "[]"),
            (facts.TotalSlots, facts.ContextPerSlot, facts.ModelAlias, facts.ModelType, facts.Build, facts.Adapters));
        Assert.Equal(_backend.ProcessMarker, facts.ProcessMarker);
        Assert.DoesNotContain("n_ctx=", facts.ModelMeta, StringComparison.Ordinal);
        Assert.Equal([state], _changes.States);
    }

    [Fact]
    public async Task Check_NothingChanged_SaysNothingAndAsksLittle()
    {
        var first = await CheckAsync();
        var asked = _backend.Requests.Count;
        var second = await CheckAsync();

        Assert.Same(first, second);
        Assert.Equal(asked + 1, _backend.Requests.Count);
        Assert.Single(_changes.States);
    }

    [Theory]
    [InlineData("no slots", false, false)]
    [InlineData("no saving", true, false)]
    [InlineData("all", true, true)]
    public async Task Check_FlagsMissing_AreSaidWithTheirRemedy(string what, bool canRead, bool canSave)
    {
        _backend.Restart(o => o with { HasSlots = what != "no slots", CanSave = what == "all" });

        var facts = (await CheckAsync()).Facts!;

        Assert.Equal((canRead, canSave), (facts.CanReadSlots, facts.CanSaveSlots));
        Assert.Equal(what == "all", facts.Missing is null);
    }

    [Fact]
    public async Task Check_ForeignServer_IsReadyAndNoLlamaServer()
    {
        _backend.Restart(o => o with { Slots = 0 });

        var state = await CheckAsync();

        Assert.Equal((BackendStatus.Ready, false), (state.Status, state.Facts!.IsLlamaServer));
        Assert.NotNull(state.Facts.Missing);
    }

    [Fact]
    public async Task Check_Router_IsOne()
    {
        _backend.Restart(o => o with { IsRouter = true });

        var facts = (await CheckAsync()).Facts!;

        Assert.True(facts is { IsLlamaServer: true, IsRouter: true, CanReadSlots: false, TotalSlots: null, Missing: null });
    }

    [Fact]
    public async Task Check_KeyMissing_NamesTheSetting()
    {
        _backend.Restart(o => o with { ApiKey = "secret" });

        var state = await CheckAsync();

        Assert.Equal(BackendStatus.Ready, state.Status);
        Assert.Contains("backend_api_key", state.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_Loading_ThenReady()
    {
        _backend.IsLoading = true;
        Assert.Equal(BackendStatus.Loading, (await CheckAsync()).Status);
        _backend.IsLoading = false;
        Assert.Equal(BackendStatus.Ready, (await CheckAsync()).Status);
    }

    [Fact]
    public async Task Check_GoneAndBack_AreTwoChanges()
    {
        await CheckAsync();
        _backend.Kill();
        Assert.Equal((BackendStatus.Unreachable, null), ((await CheckAsync()).Status, _monitor.State.Facts));
        await CheckAsync();
        _backend.Restart();

        Assert.Equal(BackendStatus.Ready, (await CheckAsync()).Status);
        Assert.Equal([BackendStatus.Ready, BackendStatus.Unreachable, BackendStatus.Ready], _changes.States.Select(c => c.Status));
    }

    [Fact]
    public async Task Check_RestartedBetweenTwoChecks_IsAnotherState()
    {
        var before = await CheckAsync();
        _backend.Restart();
        var after = await CheckAsync();

        Assert.NotSame(before, after);
        Assert.Equal(BackendStatus.Ready, after.Status);
        Assert.Equal(_backend.ProcessMarker, _monitor.State.Facts!.ProcessMarker);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("slots")]
    [InlineData("build")]
    public async Task Check_OtherFactsWithoutAMarker_AreAnotherState(string what)
    {
        _backend.Restart(o => o with { HasMarker = false });
        var before = await CheckAsync();
        _backend.Restart(o => what switch
        {
            "model" => o with { Model = "other" },
            "slots" => o with { Slots = 3 },
            _ => o with { BuildInfo = "b2" },
        });
        var after = await CheckAsync();

        Assert.NotSame(before, after);
        Assert.Equal(BackendStatus.Ready, after.Status);
    }

    [Fact]
    public async Task Check_Asleep_IsNotWoken()
    {
        await CheckAsync();
        _backend.FallAsleep();

        var state = await CheckAsync();
        await CheckAsync();

        Assert.Equal((BackendStatus.Sleeping, null), (state.Status, state.Facts));
        Assert.Single(_backend.Requests, r => r.Path == "/slots");
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"total_slots\":\"two\",\"default_generation_settings\":5,\"media_marker\":7,\"is_sleeping\":\"no\"}")]
    [InlineData("{\"total_slots\":1e99}")]
    public async Task Check_GarbageInProps_IsSurvived(string body)
    {
        var before = await CheckAsync();
        _backend.Misbehave("/props", FakeMisbehaviour.Garbage(body));
        Assert.NotSame(before, await CheckAsync());

        Assert.Equal(BackendStatus.Ready, (await CheckAsync()).Status);
        Assert.Equal(2, _monitor.State.Facts!.TotalSlots);
    }

    [Theory]
    [InlineData("/v1/models", "[]")]
    [InlineData("/v1/models", "{\"data\":[5]}")]
    [InlineData("/v1/models", "{\"data\":5}")]
    [InlineData("/lora-adapters", "garbage")]
    [InlineData("/slots", "[5]")]
    public async Task Check_GarbageInAFact_IsSurvived(string path, string body)
    {
        _backend.Misbehave(path, FakeMisbehaviour.Garbage(body));

        var state = await CheckAsync();

        Assert.Equal(BackendStatus.Ready, state.Status);
        Assert.True(state.Facts!.IsLlamaServer);
    }

    [Fact]
    public async Task Check_HostVanished_IsUnreachable()
    {
        // Fault 1: a host behind a firewall that drops packets counted as silent, and a machine that was switched off stayed ready.
        using var full = new FullListener();
        using var driver = new DetectingDriver(full.Address, TimeSpan.FromMilliseconds(200), null);
        using var vanishing = new VanishingDriver(_driver, driver);
        using var monitor = new BackendMonitor(
            vanishing, full.Address, TimeSpan.FromSeconds(2), _time, NullLogger<BackendMonitor>.Instance);
        Assert.Equal(BackendStatus.Ready, (await monitor.CheckAsync(default).DefaultTimeout()).Status);
        vanishing.HasVanished = true;

        Assert.Equal(BackendStatus.Unreachable, (await monitor.CheckAsync(default).DefaultTimeout()).Status);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(504)]
    public async Task Check_OneServerErrorOnProps_ChangesNothing(int status)
    {
        // Fault 13: one 5xx of a proxy in between made a managed backend an unmanaged one.
        var before = await CheckAsync();
        _backend.Misbehave("/props", FakeMisbehaviour.Answer(status));

        Assert.Same(before, await CheckAsync());
        Assert.Same(before, await CheckAsync());
        Assert.Single(_changes.States);
    }

    [Fact]
    public async Task Check_ServerErrorsWithASuccessBetween_AreNotCountedTogether()
    {
        var before = await CheckAsync();
        for (var round = 0; round < 3; round++)
        {
            _backend.Misbehave("/props", FakeMisbehaviour.Answer(500));
            _backend.Misbehave("/props", FakeMisbehaviour.Answer(500));
            await CheckAsync();
            await CheckAsync();
            Assert.Same(before, await CheckAsync());
        }
    }

    [Fact]
    public async Task Check_ThreeServerErrorsInARow_AreAState()
    {
        await CheckAsync();
        for (var i = 0; i < 3; i++)
            _backend.Misbehave("/props", FakeMisbehaviour.Answer(500, "out of order"));

        Assert.Equal(BackendStatus.Ready, (await CheckAsync()).Status);
        Assert.Equal(BackendStatus.Ready, (await CheckAsync()).Status);
        var state = await CheckAsync();

        Assert.Equal((BackendStatus.Unreachable, null), (state.Status, state.Facts));
        Assert.Contains("out of order", state.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/lora-adapters")]
    [InlineData("/slots")]
    [InlineData("/slots/0")]
    public async Task Check_ServerErrorOnAFact_IsAskedAgain(string path)
    {
        // Fault 13: one 5xx on a fact became the fact "it cannot".
        _backend.Misbehave(path, FakeMisbehaviour.Answer(500));

        Assert.Equal(BackendStatus.Unknown, (await CheckAsync()).Status);
        Assert.True((await CheckAsync()) is { HasSlots: true, Facts: { CanSaveSlots: true, ModelMeta: not null, Adapters: "[]" } });
    }

    [Fact]
    public async Task Suspect_Now_ForgetsBeforeTheNextCheck()
    {
        var ready = await CheckAsync();

        _monitor.Suspect(ready, "test");
        var suspected = _monitor.State;
        Assert.Equal((BackendStatus.Unknown, null), (suspected.Status, suspected.Facts));
        _monitor.Suspect(ready, "an older observation");
        Assert.Same(suspected, _monitor.State);

        Assert.Equal(BackendStatus.Ready, (await CheckAsync()).Status);
        Assert.Equal([BackendStatus.Ready, BackendStatus.Unknown, BackendStatus.Ready], _changes.States.Select(c => c.Status));
    }

    [Fact]
    public async Task Suspect_WhileChecking_TheCheckDoesNotCount()
    {
        var before = await CheckAsync();
        using var gate = new FakeGate();
        _backend.Misbehave("/props", FakeMisbehaviour.NeverAnswer(gate));
        var checking = _monitor.CheckAsync(default);
        await gate.Reached.DefaultTimeout();
        _monitor.Suspect(before, "test");
        gate.Release();

        Assert.Equal(BackendStatus.Unknown, (await checking.DefaultTimeout()).Status);
        Assert.Equal(BackendStatus.Ready, (await CheckAsync()).Status);
    }

    [Fact]
    public async Task CheckProcess_StateHasEnded_IsAnother()
    {
        var state = await CheckAsync();
        Assert.Equal(ProcessCheck.Same, await _monitor.CheckProcessAsync(state, default).DefaultTimeout());

        _monitor.Suspect(state, "test");
        await CheckAsync();

        Assert.Equal(ProcessCheck.Other, await _monitor.CheckProcessAsync(state, default).DefaultTimeout());
    }

    [Fact]
    public async Task NoticeSleep_RequestsAtTheSameTime_ShareAnAnswer()
    {
        // Each of a burst asked for itself, over four connections, and all of them stood before one server meanwhile.
        await CheckAsync();
        _time.Advance(TimeSpan.FromSeconds(5));
        var asked = _backend.Requests.Count;

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _monitor.NoticeSleepAsync(default).AsTask())).DefaultTimeout();

        Assert.InRange(_backend.Requests.Count - asked, 1, 5); // an answer may come while they are still being sent
    }

    [Fact]
    public async Task NoticeSleep_AfterASecondWithoutWork_RetiresWhatSlept()
    {
        var state = await CheckAsync();
        _monitor.Touch();
        _backend.FallAsleep();
        await _monitor.NoticeSleepAsync(default).DefaultTimeout();
        Assert.Same(state, _monitor.State);

        _time.Advance(TimeSpan.FromSeconds(1));
        await _monitor.NoticeSleepAsync(default).DefaultTimeout();

        Assert.Equal(BackendStatus.Unknown, _monitor.State.Status);
        Assert.DoesNotContain(_backend.Requests, r => r.Path == "/tokenize");
    }

    [Fact]
    public async Task Run_Loop_ChecksEveryIntervalAndAtOnceWhenSuspected()
    {
        using var stopping = new CancellationTokenSource();
        var running = _monitor.RunAsync(stopping.Token);
        await _time.WhenTimersAsync(1).DefaultTimeout();
        Assert.Equal(BackendStatus.Ready, _monitor.State.Status);

        _backend.Kill();
        _time.Advance(TimeSpan.FromSeconds(2));
        await _changes.NextAsync(BackendStatus.Unreachable).DefaultTimeout();

        _backend.Restart();
        _monitor.Suspect(_monitor.State, "test");
        await _changes.NextAsync(BackendStatus.Ready).DefaultTimeout();

        await stopping.CancelAsync();
        await running.DefaultTimeout();
    }

    private Task<BackendState> CheckAsync() => _monitor.CheckAsync(CancellationToken.None).DefaultTimeout();

    /// <summary>One server, and from some moment on another address that takes no connection.</summary>
    private sealed class VanishingDriver(IBackendDriver before, IBackendDriver after) : IBackendDriver
    {
        public bool HasVanished { get; set; }

        public ISlotApi? Slots => Now.Slots;

        private IBackendDriver Now => HasVanished ? after : before;

        public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken) =>
            Now.DiscoverAsync(known, cancellationToken);

        public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken) =>
            Now.CheckProcessAsync(facts, cancellationToken);

        public Task WakeAsync(CancellationToken cancellationToken) => Now.WakeAsync(cancellationToken);

        public void Dispose()
        {
            // the drivers have owners
        }
    }
}
