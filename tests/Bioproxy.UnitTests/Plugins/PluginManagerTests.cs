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
    private readonly TestClock _time = new();
    private readonly ProxyMetrics _metrics = new(TimeProvider.System);

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
        manager.Changing = set => changing.Add(set.Transforms.Count);
        manager.Changed = () => changed++;
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
        Assert.Equal($"What lies there now cannot be used, the version loaded before stays. {Versioned}.dll is not a .NET assembly: copy the plugin's build output again.", status.Problem);
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

        Assert.Contains("something holds on to it", Assert.Single(manager.Statuses).Problem, StringComparison.Ordinal);

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
        manager.Changing = _ => throw new FormatException("no");

        await Assert.ThrowsAsync<FormatException>(() => ReloadAsync(manager));

        Assert.Equal("start v1\nstop v1\n", Life());
        Assert.Empty(manager.Statuses);
        manager.Changing = null;
        Assert.Equal([Versioned], (await ReloadAsync(manager)).Loaded);
    }

    [Fact]
    public async Task Run_NewPlugin_IsTakenOverWhenItLookedTheSameTwice()
    {
        await using var manager = Manager();
        await using var run = await RunAsync(manager);
        Put("Versioned1");

        await run.LookAsync();
        Assert.Empty(manager.Statuses);
        await run.LookAsync();

        Assert.Equal(["Active 1.0.0"], States(manager));
    }

    [Fact]
    public async Task Run_FilesThatKeepChanging_AreNotLoadedBeforeTheyRest()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        await using var run = await RunAsync(manager);
        Put("Versioned2");
        for (var i = 0; i < 4; i++)
        {
            _plugins.AddFile($"{Versioned}/more{i}.txt", "x");
            await run.LookAsync();
            Assert.Equal(["Active 1.0.0"], States(manager));
        }

        await run.LookAsync();

        Assert.Equal("x [in v2]", await TransformAsync(manager));
    }

    [Fact]
    public async Task Run_FolderAwayForOneLook_IsNotRemoved()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        await using var run = await RunAsync(manager);
        var (folder, away) = (Path.Combine(_plugins.Folder, Versioned), Path.Combine(_state.FullName, "away"));

        for (var i = 0; i < 3; i++)
        {
            // The very first look counts like any other.
            Directory.Move(folder, away);
            await run.LookAsync();
            Assert.Equal(["Active 1.0.0"], States(manager));
            Directory.Move(away, folder);
            await run.LookAsync();
        }

        Assert.Equal(["Active 1.0.0"], States(manager));
        Assert.Equal("start v1\n", Life());
        Remove(Versioned);
        await run.LookAsync();
        Assert.Equal(["Active 1.0.0"], States(manager));
        await run.LookAsync();
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
        await run.LookAsync();
        Assert.Equal(["Active 1.0.0", "Disabled "], States(manager));
        Remove(Versioned, _more);
        await run.LookAsync();
        await run.LookAsync();

        Assert.Equal(["Active 1.0.0"], States(manager));
        Assert.Equal("start v1\n", Life());
    }

    [Fact]
    public async Task Run_LookThatFails_IsFollowedByTheNext()
    {
        await using var manager = Manager();
        await using var run = await RunAsync(manager);
        manager.Changing = _ => throw new FormatException("no");
        Put("Versioned1");
        await run.LookAsync();
        await run.LookAsync();
        Assert.Empty(manager.Statuses);

        manager.Changing = null;
        await run.LookAsync();

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

    private PluginManager Manager(TimeSpan? interval = null)
    {
        var options = new ProxyOptions
        {
            BaseDirectory = _state.FullName,
            StateDirectory = _state.FullName,
            PluginDirectories = [_plugins.Folder, _more.Folder],
            PluginCheckInterval = interval ?? Interval,
        };
        var facilities = new PluginFacilities { Options = options, Loggers = NullLoggerFactory.Instance, Time = _time, Templates = Substitute.For<ITemplateLibrary>(), Metrics = _metrics };
        var loader = new PluginLoader(options, name => new PluginHost(name, facilities), _time, NullLogger<PluginLoader>.Instance);
        return new PluginManager(loader, options, _time, NullLogger<PluginManager>.Instance);
    }

    private async Task<Run> RunAsync(PluginManager manager)
    {
        var run = new Run(manager, _time);
        await _time.WhenTimersAsync(1).DefaultTimeout();
        return run;
    }

    /// <summary>The background loop. It has finished a look when it waits for the next one.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TestClock _time;
        private readonly Task _loop;

        public Run(PluginManager manager, TestClock time)
        {
            _time = time;
            _loop = Task.Run(() => manager.RunAsync(_stop.Token));
        }

        public Task LookAsync()
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
