using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginManagerTests : IDisposable
{
    private const string Versioned = "Bioproxy.Fixtures.Versioned";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly FixturePlugins _plugins = new();
    private readonly FixturePlugins _more = new();
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("bioproxy-state-");
    private readonly FakeTimeProvider _time = new();
    private readonly ProxyMetrics _metrics = new(TimeProvider.System);
    private readonly IPluginListener _listener = Substitute.For<IPluginListener>();
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _settings = [];
    private Exception? _failure;

    public PluginManagerTests() => _listener.When(listener => listener.Changing(Arg.Any<PluginSet>())).Do(_ =>
    {
        if (_failure is not null)
            throw _failure;
    });

    public void Dispose()
    {
        _metrics.Dispose();
        _plugins.Dispose();
        _more.Dispose();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Reload_AnotherVersion_DrainsTheOldAndUnloadsIt()
    {
        Put("Versioned1");
        var manager = Manager();
        Assert.Equal(new PluginChange([Versioned], [], [], []), await ReloadAsync(manager), ChangeComparer.Instance);
        var request = manager.Pin();

        Put("Versioned2");
        Assert.Equal(new PluginChange([], [Versioned], [], []), await ReloadAsync(manager), ChangeComparer.Instance);

        Assert.Equal(["Active 2.0.0", "Draining 1.0.0"], States(manager));
        Assert.Equal("x [in v1]", await TransformAsync(request));
        Assert.Equal("x [in v2]", await TransformAsync(manager));
        Assert.Equal("start v1\nstart v2\n", Life());
        request.Unpin();
        await Eventually.TrueAsync(() => States(manager) is ["Active 2.0.0"], DefaultTimeoutExtensions.Limit, "the old version is not gone");

        Assert.Equal("start v1\nstart v2\nstop v1\n", Life());
        Assert.Equal("x [in v2]", await TransformAsync(manager));
        await manager.DisposeAsync().DefaultTimeout();
        Assert.Equal("start v1\nstart v2\nstop v1\nstop v2\n", Life());
        Assert.Empty(manager.Statuses);
    }

    [Fact]
    public async Task Reload_NothingChanged_KeepsTheGeneration()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        var before = manager.Pin();
        before.Unpin();

        Assert.True((await ReloadAsync(manager)).IsNone);

        var after = manager.Pin();
        after.Unpin();
        Assert.Same(before, after);
    }

    [Fact]
    public async Task Reload_OneOfTwoReplaced_KeepsTheOthersPartsAndLife()
    {
        Put("Versioned1");
        _plugins.Add("Good");
        await using var manager = Manager();
        await ReloadAsync(manager);
        var before = manager.Pin();
        Remove("Bioproxy.Fixtures.Good");

        Assert.Equal(new PluginChange([], [], ["Bioproxy.Fixtures.Good"], []), await ReloadAsync(manager), ChangeComparer.Instance);

        var after = manager.Pin();
        Assert.Same(before.Loaded.Single(plugin => plugin.Status.Name == Versioned), Assert.Single(after.Loaded));
        before.Unpin();
        after.Unpin();
        await Eventually.TrueAsync(() => States(manager) is ["Active 1.0.0"], DefaultTimeoutExtensions.Limit, "the removed plugin is not gone");
        Assert.Equal("start v1\n", Life());
    }

    [Fact]
    public async Task Reload_RemovedFolder_EndsThePlugin()
    {
        Put("Versioned1");
        await using var manager = Manager();
        var (changing, changed) = (new List<int>(), 0);
        _listener.When(listener => listener.Changing(Arg.Any<PluginSet>())).Do(call => changing.Add(call.Arg<PluginSet>().Transforms.Count));
        _listener.When(listener => listener.Changed()).Do(_ => changed++);
        await ReloadAsync(manager);
        Remove(Versioned);

        Assert.Equal(new PluginChange([], [], [Versioned], []), await ReloadAsync(manager), ChangeComparer.Instance);

        Assert.Equal([1, 0], changing);
        Assert.Equal(2, changed);
        await Eventually.TrueAsync(() => manager.Statuses.Count == 0, DefaultTimeoutExtensions.Limit, "the plugin is not gone");
        Assert.Equal("start v1\nstop v1\n", Life());
    }

    [Fact]
    public async Task Reload_BrokenNewVersion_KeepsTheOldUntilItIsRepaired()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        await File.WriteAllTextAsync(Path.Combine(_plugins.Folder, Versioned, Versioned + ".dll"), "broken");

        Assert.Equal(new PluginChange([], [], [], [Versioned]), await ReloadAsync(manager), ChangeComparer.Instance);

        var status = Assert.Single(manager.Statuses);
        Assert.Equal((PluginState.Active, "1.0.0"), (status.State, status.Version));
        Assert.Equal($"The files there now cannot be used; the version loaded before stays active. {Versioned}.dll is not a .NET assembly: copy the plugin's build output again.", status.Problem);
        Assert.Equal("x [in v1]", await TransformAsync(manager));
        Assert.Equal("start v1\n", Life());
        Assert.Equal(new PluginChange([], [], [], [Versioned]), await ReloadAsync(manager), ChangeComparer.Instance); // asked to, it is tried again

        Put("Versioned2");
        Assert.Equal(new PluginChange([], [Versioned], [], []), await ReloadAsync(manager), ChangeComparer.Instance);

        await Eventually.TrueAsync(() => States(manager) is ["Active 2.0.0"], DefaultTimeoutExtensions.Limit, "the old version is not gone");
        Assert.Null(Assert.Single(manager.Statuses).Problem);
        Assert.Equal("start v1\nstart v2\nstop v1\n", Life());
    }

    [Fact]
    public async Task Reload_PluginThatNeverWorked_ShowsWhyAndIsLoadedOnceRepaired()
    {
        _plugins.AddFile($"{Versioned}/{Versioned}.dll", "broken");
        await using var manager = Manager();

        Assert.Equal(new PluginChange([], [], [], [Versioned]), await ReloadAsync(manager), ChangeComparer.Instance);
        Assert.Equal(["Faulted "], States(manager));
        Put("Versioned1");
        Assert.Equal(new PluginChange([Versioned], [], [], []), await ReloadAsync(manager), ChangeComparer.Instance);

        Assert.Equal(["Active 1.0.0"], States(manager));
    }

    [Fact]
    public async Task Reload_PluginThatLeaks_ShowsThatItIsPending()
    {
        _plugins.Add("Leaking");
        var manager = Manager();
        await ReloadAsync(manager);
        Remove("Bioproxy.Fixtures.Leaking");

        await ReloadAsync(manager);

        await Eventually.TrueAsync(() => States(manager) is ["UnloadPending 0.1.0"], DefaultTimeoutExtensions.Limit, "it is not pending");
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Contains("still referenced", Assert.Single(manager.Statuses).Problem, StringComparison.Ordinal);

        // Not disposed of: that would wait for a collector that is asked in vain.
    }

    [Fact]
    public async Task Reload_TwoOfOneName_TheFirstIsUsedAndTheOtherFollows()
    {
        Put("Versioned1");
        Put("Versioned2", _more);
        await using var manager = Manager();
        await ReloadAsync(manager);
        Assert.Equal(["Active 1.0.0", "Disabled "], States(manager));
        Assert.Contains(_plugins.Folder, manager.Statuses[1].Problem, StringComparison.Ordinal);

        Remove(Versioned);
        Assert.Equal(new PluginChange([], [Versioned], [], []), await ReloadAsync(manager), ChangeComparer.Instance);

        Assert.Equal("x [in v2]", await TransformAsync(manager));
        await Eventually.TrueAsync(() => States(manager) is ["Active 2.0.0"], DefaultTimeoutExtensions.Limit, "the first version is not gone");
    }

    [Fact]
    public async Task Reload_Cancelled_ChangesNothing()
    {
        Put("Versioned1");
        await using var manager = Manager();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => manager.ReloadAsync(stop.Token).DefaultTimeout());

        Assert.Empty(manager.Statuses);
        Assert.Equal([Versioned], (await ReloadAsync(manager)).Loaded);
    }

    [Fact]
    public async Task Reload_TakingOverFails_EndsWhatWasLoadedForIt()
    {
        Put("Versioned1");
        await using var manager = Manager();
        _failure = new FormatException("no");

        await Assert.ThrowsAsync<FormatException>(() => ReloadAsync(manager));

        Assert.Equal("start v1\nstop v1\n", Life());
        Assert.Empty(manager.Statuses);
        _failure = null;
        Assert.Equal([Versioned], (await ReloadAsync(manager)).Loaded);
    }

    [Fact]
    public async Task Reload_TakingOverFails_LeavesThePluginsInUseToTheirGeneration()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        _plugins.Add("Good");
        _failure = new FormatException("no");
        await Assert.ThrowsAsync<FormatException>(() => ReloadAsync(manager));
        _failure = null;

        Remove(Versioned);
        await ReloadAsync(manager);

        await Eventually.TrueAsync(() => States(manager) is ["Active 0.1.0"], DefaultTimeoutExtensions.Limit, "the removed plugin is not gone");
        Assert.Equal("start v1\nstop v1\n", Life());
    }

    [Fact]
    public async Task Reload_PluginThatCannotStartAndWhoseDisposeHangs_Ends()
    {
        AddLife("""{"fails":"start","hangs":"dispose"}""");
        await using var manager = Manager(loading: _time);
        var reload = manager.ReloadAsync(CancellationToken.None);
        await WhenReachedAsync("dispose");
        await _time.WhenTimersAsync(1).DefaultTimeout();

        _time.Advance(LoadedPlugin.StepLimit);

        Assert.Equal(["Bioproxy.Fixtures.Life"], (await reload.DefaultTimeout()).Failed);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("dispose")]
    public async Task Dispose_PluginThatHangs_EndsInFiveSeconds(string step)
    {
        AddLife($$"""{"hangs":"{{step}}"}""");
        var manager = Manager();
        await ReloadAsync(manager);
        Assert.Equal(["Active 0.1.0"], States(manager));

        var ending = manager.DisposeAsync().AsTask();
        await WhenReachedAsync(step);
        await _time.WhenTimersAsync(2).DefaultTimeout();
        _time.Advance(TimeSpan.FromSeconds(5));

        await ending.DefaultTimeout();
    }

    [Fact]
    public async Task Dispose_WhileAReloadHangs_EndsAtOnce()
    {
        AddLife("""{"hangs":"start"}""");
        var manager = Manager(loading: _time);
        var reload = manager.ReloadAsync(CancellationToken.None);
        await WhenReachedAsync("start");

        await manager.DisposeAsync().DefaultTimeout();

        await _time.WhenTimersAsync(3).DefaultTimeout();
        _time.Advance(2 * LoadedPlugin.StepLimit);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reload.DefaultTimeout());
        Assert.Empty(manager.Statuses);
    }

    [Fact]
    public async Task Run_NewPlugin_IsTakenOverWhenTwoChecksAgree()
    {
        await using var manager = Manager();
        await using var run = await RunAsync(manager);
        Put("Versioned1");

        await run.CheckAsync();
        Assert.Empty(manager.Statuses);
        await run.CheckAsync();

        Assert.Equal(["Active 1.0.0"], States(manager));
    }

    [Fact]
    public async Task Run_FilesThatKeepChanging_AreNotLoadedBeforeTheySettle()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        await using var run = await RunAsync(manager);
        Put("Versioned2");
        for (var i = 0; i < 4; i++)
        {
            _plugins.AddFile($"{Versioned}/more{i}.txt", "x");
            await run.CheckAsync();
            Assert.Equal(["Active 1.0.0"], States(manager));
        }

        await run.CheckAsync();

        Assert.Equal("x [in v2]", await TransformAsync(manager));
    }

    [Fact]
    public async Task Run_FolderAbsentInOneCheck_IsNotRemoved()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        await using var run = await RunAsync(manager);
        var (folder, away) = (Path.Combine(_plugins.Folder, Versioned), Path.Combine(_state.FullName, "away"));

        for (var i = 0; i < 3; i++)
        {
            // The very first check counts like any other.
            Directory.Move(folder, away);
            await run.CheckAsync();
            Assert.Equal(["Active 1.0.0"], States(manager));
            Directory.Move(away, folder);
            await run.CheckAsync();
        }

        Assert.Equal(["Active 1.0.0"], States(manager));
        Assert.Equal("start v1\n", Life());
        Remove(Versioned);
        await run.CheckAsync();
        Assert.Equal(["Active 1.0.0"], States(manager));
        await run.CheckAsync();
        Assert.Equal(0, Parts(manager));
    }

    [Fact]
    public async Task Run_SecondPluginOfAName_IsShownAndForgotten()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        await using var run = await RunAsync(manager);

        Put("Versioned2", _more);
        await run.CheckAsync();
        Assert.Equal(["Active 1.0.0", "Disabled "], States(manager));
        Remove(Versioned, _more);
        await run.CheckAsync();
        await run.CheckAsync();

        Assert.Equal(["Active 1.0.0"], States(manager));
        Assert.Equal("start v1\n", Life());
    }

    [Theory]
    [InlineData(typeof(FormatException))]
    [InlineData(typeof(TaskCanceledException))]
    public async Task Run_CheckThatFails_IsFollowedByTheNext(Type failure)
    {
        await using var manager = Manager();
        await using var run = await RunAsync(manager);
        _failure = (Exception)Activator.CreateInstance(failure)!;
        Put("Versioned1");
        await run.CheckAsync();
        await run.CheckAsync();
        Assert.Empty(manager.Statuses);

        _failure = null;
        await run.CheckAsync();

        Assert.Equal(["Active 1.0.0"], States(manager));
    }

    [Fact]
    public async Task Run_NoInterval_EndsAtOnce() => await Manager(TimeSpan.Zero).RunAsync(CancellationToken.None).DefaultTimeout();

    private static Task<PluginChange> ReloadAsync(PluginManager manager) => manager.ReloadAsync(CancellationToken.None).DefaultTimeout();

    private static string[] States(PluginManager manager) => [.. manager.Statuses.Select(status => $"{status.State} {status.Version}")];

    private static int Parts(PluginManager manager)
    {
        var set = manager.Pin();
        set.Unpin();
        return set.Transforms.Count;
    }

    private static async Task<string?> TransformAsync(PluginManager manager)
    {
        var set = manager.Pin();
        try
        {
            return await TransformAsync(set);
        }
        finally
        {
            set.Unpin();
        }
    }

    private static async Task<string?> TransformAsync(PluginSet set)
    {
        var context = Prompts.User("x");
        await Assert.Single(set.Transforms).TransformAsync(context, CancellationToken.None).DefaultTimeout();
        return context.Messages[0].Parts[0].Text;
    }

    private string Life() => File.ReadAllText(Path.Combine(_state.FullName, "plugins", Versioned, "life.txt"));

    /// <summary>Puts a version in the place of whatever is there.</summary>
    private void Put(string fixture, FixturePlugins? where = null)
    {
        Remove(Versioned, where);
        (where ?? _plugins).Add(fixture, Versioned);
    }

    private void Remove(string name, FixturePlugins? where = null)
    {
        var folder = Path.Combine((where ?? _plugins).Folder, name);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private void AddLife(string settings)
    {
        _plugins.Add("Life");
        _settings["Bioproxy.Fixtures.Life"] = Encoding.UTF8.GetBytes(settings);
    }

    /// <summary>Waits until the plugin hangs in a step.</summary>
    private Task WhenReachedAsync(string step) => Eventually.TrueAsync(
        () => File.Exists(Path.Combine(_state.FullName, "plugins", "Bioproxy.Fixtures.Life", step)), DefaultTimeoutExtensions.Limit, $"{step} is not reached");

    private PluginManager Manager(TimeSpan? interval = null, TimeProvider? loading = null)
    {
        var options = new ProxyOptions
        {
            BaseDirectory = _state.FullName,
            StateDirectory = _state.FullName,
            PluginDirectories = [_plugins.Folder, _more.Folder],
            PluginCheckInterval = interval ?? Interval,
            PluginSettings = _settings,
        };
        var facilities = new PluginFacilities { Options = options, Loggers = NullLoggerFactory.Instance, Time = _time, Templates = Substitute.For<ITemplateLibrary>(), Metrics = _metrics };
        // The loader's time limits must not count among the timers of the loop.
        var loader = new PluginLoader(options, name => new PluginHost(name, facilities), loading ?? TimeProvider.System, NullLogger<PluginLoader>.Instance);
        return new PluginManager(loader, options, [_listener], _time, NullLogger<PluginManager>.Instance);
    }

    private async Task<Run> RunAsync(PluginManager manager)
    {
        var run = new Run(manager, _time);
        await _time.WhenTimersAsync(1).DefaultTimeout();
        return run;
    }

    /// <summary>The background loop. It has finished a check when it waits for the next one.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly FakeTimeProvider _time;
        private readonly Task _loop;

        public Run(PluginManager manager, FakeTimeProvider time)
        {
            _time = time;
            _loop = Task.Run(() => manager.RunAsync(_stop.Token));
        }

        public Task CheckAsync()
        {
            _time.Advance(Interval);
            return _time.WhenTimersAsync(1).DefaultTimeout();
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop.DefaultTimeout();
            _stop.Dispose();
        }
    }

    /// <summary>By the names, not by the lists' identity.</summary>
    private sealed class ChangeComparer : IEqualityComparer<PluginChange>
    {
        public static ChangeComparer Instance { get; } = new();

        public bool Equals(PluginChange? x, PluginChange? y) => Text(x) == Text(y);

        public int GetHashCode(PluginChange obj) => Text(obj).GetHashCode(StringComparison.Ordinal);

        private static string Text(PluginChange? change) => change is null ? "" : string.Join('|', ((IReadOnlyList<string>[])[change.Loaded, change.Replaced, change.Removed, change.Failed]).Select(names => string.Join(',', names)));
    }
}
