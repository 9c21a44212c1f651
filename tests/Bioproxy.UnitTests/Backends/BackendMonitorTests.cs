using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Backends;

public sealed class BackendMonitorTests : IAsyncDisposable
{
    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly TestClock _time = new();
    private readonly LlamaClient _client;
    private readonly BackendMonitor _monitor;
    private readonly List<BackendState> _changes = [];

    public BackendMonitorTests()
    {
        _client = new LlamaClient(_backend.BaseAddress, TimeSpan.FromSeconds(5), null);
        _monitor = new BackendMonitor(_client, new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", BackendUrl = _backend.BaseAddress }, _time, NullLogger<BackendMonitor>.Instance)
        {
            Changed = (state, _) =>
            {
                lock (_changes)
                    _changes.Add(state);
                return Task.CompletedTask;
            },
        };
    }

    public async ValueTask DisposeAsync()
    {
        _monitor.Dispose();
        _client.Dispose();
        await _backend.DisposeAsync();
        Assert.Empty(_backend.Problems);
    }

    [Fact]
    public void State_NotAskedYet_IsUnknown() => Assert.Equal((0, BackendStatus.Unknown), (_monitor.State.Epoch, _monitor.State.Status));

    [Fact]
    public async Task Check_LlamaServer_TellsItsFacts()
    {
        var state = await CheckAsync();

        Assert.Equal((0, BackendStatus.Ready, null), (state.Epoch, state.Status, state.Problem));
        var facts = state.Facts!;
        Assert.True(facts is { IsLlamaServer: true, IsRouter: false, CanReadSlots: true, CanSaveSlots: true, Missing: null });
        Assert.Equal((2, 32768, "fake-model", "F16", "b1-fake", "[]"), (facts.TotalSlots, facts.ContextPerSlot, facts.ModelAlias, facts.ModelType, facts.Build, facts.Adapters));
        Assert.Equal(_backend.ProcessMarker, facts.ProcessMarker);
        Assert.DoesNotContain("n_ctx=", facts.ModelMeta, StringComparison.Ordinal);
        Assert.Equal([state], _changes);
    }

    [Fact]
    public async Task Check_NothingChanged_SaysNothingAndAsksLittle()
    {
        var first = await CheckAsync();
        var asked = _backend.Requests.Count;
        var second = await CheckAsync();

        Assert.Same(first, second);
        Assert.Equal(asked + 1, _backend.Requests.Count);
        Assert.Single(_changes);
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

        Assert.True(facts is { IsLlamaServer: true, IsRouter: true, CanReadSlots: false, TotalSlots: null, Missing: not null });
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
        Assert.Equal((0, BackendStatus.Ready), ((await CheckAsync()).Epoch, _monitor.State.Status));
    }

    [Fact]
    public async Task Check_Gone_IsAnotherEpochAndBackIsTheSame()
    {
        await CheckAsync();
        _backend.Kill();
        Assert.Equal((1, BackendStatus.Unreachable, null), ((await CheckAsync()).Epoch, _monitor.State.Status, _monitor.State.Facts));
        await CheckAsync();
        _backend.Restart();

        Assert.Equal((1, BackendStatus.Ready), ((await CheckAsync()).Epoch, _monitor.State.Status));
        Assert.Equal([BackendStatus.Ready, BackendStatus.Unreachable, BackendStatus.Ready], _changes.Select(c => c.Status));
    }

    [Fact]
    public async Task Check_RestartedBetweenTwoLooks_IsAnotherEpoch()
    {
        await CheckAsync();
        _backend.Restart();

        Assert.Equal((1, BackendStatus.Ready), ((await CheckAsync()).Epoch, _monitor.State.Status));
        Assert.Equal(_backend.ProcessMarker, _monitor.State.Facts!.ProcessMarker);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("slots")]
    [InlineData("build")]
    public async Task Check_OtherFactsWithoutAMarker_AreAnotherEpoch(string what)
    {
        _backend.Restart(o => o with { HasMarker = false });
        await CheckAsync();
        _backend.Restart(o => what switch { "model" => o with { Model = "other" }, "slots" => o with { Slots = 3 }, _ => o with { BuildInfo = "b2" } });

        Assert.Equal((1, BackendStatus.Ready), ((await CheckAsync()).Epoch, _monitor.State.Status));
    }

    [Fact]
    public async Task Check_Asleep_IsNotWoken()
    {
        await CheckAsync();
        _backend.FallAsleep();

        var state = await CheckAsync();
        await CheckAsync();

        Assert.Equal((1, BackendStatus.Sleeping), (state.Epoch, state.Status));
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
        await CheckAsync();
        _backend.Misbehave("/props", FakeMisbehaviour.Garbage(body));
        Assert.Equal(1, (await CheckAsync()).Epoch);

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
    public async Task Suspect_Now_ForgetsBeforeTheNextLook()
    {
        await CheckAsync();

        _monitor.Suspect(0, "test");
        Assert.Equal((1, BackendStatus.Unknown, null), (_monitor.State.Epoch, _monitor.State.Status, _monitor.State.Facts));
        _monitor.Suspect(0, "an older observation");
        Assert.Equal(1, _monitor.State.Epoch);

        Assert.Equal((1, BackendStatus.Ready), ((await CheckAsync()).Epoch, _monitor.State.Status));
    }

    [Fact]
    public async Task Suspect_WhileLooking_TheLookDoesNotCount()
    {
        using var gate = new FakeGate();
        _backend.Misbehave("/props", FakeMisbehaviour.NeverAnswer(gate));
        var looking = _monitor.CheckAsync(default);
        await gate.Reached.DefaultTimeout();
        _monitor.Suspect(0, "test");
        gate.Release();

        Assert.Equal(BackendStatus.Unknown, (await looking.DefaultTimeout()).Status);
        Assert.Empty(_changes);
        Assert.Equal((1, BackendStatus.Ready), ((await CheckAsync()).Epoch, _monitor.State.Status));
    }

    [Fact]
    public async Task IsSameProcess_MarkerTells()
    {
        var state = await CheckAsync();
        Assert.True(await _monitor.IsSameProcessAsync(state, default).DefaultTimeout());
        _backend.FallAsleep();
        Assert.False(await _monitor.IsSameProcessAsync(state, default).DefaultTimeout());
        _backend.Restart();
        Assert.False(await _monitor.IsSameProcessAsync(state, default).DefaultTimeout());
        _backend.Kill();
        Assert.False(await _monitor.IsSameProcessAsync(state, default).DefaultTimeout());
    }

    [Fact]
    public async Task IsSameProcess_NoMarker_IsNotKnown()
    {
        _backend.Restart(o => o with { HasMarker = false });

        Assert.Null(await _monitor.IsSameProcessAsync(await CheckAsync(), default).DefaultTimeout());
    }

    [Fact]
    public async Task Run_Loop_LooksEveryIntervalAndAtOnceWhenSuspected()
    {
        using var stopping = new CancellationTokenSource();
        var running = _monitor.RunAsync(stopping.Token);
        await _time.WhenTimersAsync(1).DefaultTimeout();
        Assert.Equal(BackendStatus.Ready, _monitor.State.Status);

        _backend.Kill();
        _time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync(() => _monitor.State.Status == BackendStatus.Unreachable, TimeSpan.FromSeconds(10), "the loop saw that it is gone");

        _backend.Restart();
        _monitor.Suspect(_monitor.State.Epoch, "test");
        await Eventually.TrueAsync(() => _monitor.State.Status == BackendStatus.Ready, TimeSpan.FromSeconds(10), "the loop looked without the clock");

        await stopping.CancelAsync();
        await running.DefaultTimeout();
    }

    [Fact]
    public async Task Run_ChangedThrows_TheLoopGoesOn()
    {
        var calls = 0;
        _monitor.Changed = (_, _) => ++calls == 1 ? throw new InvalidOperationException("test") : Task.CompletedTask;
        using var stopping = new CancellationTokenSource();
        var running = _monitor.RunAsync(stopping.Token);
        await _time.WhenTimersAsync(1).DefaultTimeout();
        _backend.Restart();
        _time.Advance(TimeSpan.FromSeconds(2));

        await Eventually.TrueAsync(() => Volatile.Read(ref calls) == 2, TimeSpan.FromSeconds(10), "the loop went on");
        await stopping.CancelAsync();
        await running.DefaultTimeout();
    }

    private Task<BackendState> CheckAsync() => _monitor.CheckAsync(CancellationToken.None).DefaultTimeout();
}
