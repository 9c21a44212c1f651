using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginManagerTests : ManagedPlugins
{
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
        await Eventually.TrueAsync(() => States(manager) is ["Active 2.0.0"], DefaultTimeoutExtensions.Limit,
            "the old version is not gone");

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
        Plugins.Add("Good");
        await using var manager = Manager();
        await ReloadAsync(manager);
        var before = manager.Pin();
        Remove("Bioproxy.Fixtures.Good");

        Assert.Equal(new PluginChange([], [], ["Bioproxy.Fixtures.Good"], []), await ReloadAsync(manager), ChangeComparer.Instance);

        var after = manager.Pin();
        Assert.Same(before.Loaded.Single(plugin => plugin.Status.Name == Versioned), Assert.Single(after.Loaded));
        before.Unpin();
        after.Unpin();
        await Eventually.TrueAsync(() => States(manager) is ["Active 1.0.0"], DefaultTimeoutExtensions.Limit,
            "the removed plugin is not gone");
        Assert.Equal("start v1\n", Life());
    }

    [Fact]
    public async Task Reload_RemovedFolder_EndsThePlugin()
    {
        Put("Versioned1");
        await using var manager = Manager();
        var (changing, changed) = (new List<int>(), 0);
        Listener.When(listener => listener.ChangingAsync(Arg.Any<PluginSet>()))
            .Do(call => changing.Add(call.Arg<PluginSet>().Transforms.Count));
        Listener.When(listener => listener.Changed()).Do(_ => changed++);
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
        await File.WriteAllTextAsync(Path.Combine(Plugins.Folder, Versioned, Versioned + ".dll"), "broken");

        Assert.Equal(new PluginChange([], [], [], [Versioned]), await ReloadAsync(manager), ChangeComparer.Instance);

        var status = Assert.Single(manager.Statuses);
        Assert.Equal((PluginState.Active, "1.0.0"), (status.State, status.Version));
        Assert.Equal($"The files there now cannot be used; the version loaded before stays active. {Versioned}.dll is not a .NET "
            + "assembly: copy the plugin's build output again.", status.Problem);
        Assert.Equal("x [in v1]", await TransformAsync(manager));
        Assert.Equal("start v1\n", Life());
        Assert.Equal(new PluginChange([], [], [], [Versioned]), await ReloadAsync(manager),
            ChangeComparer.Instance); // asked to, it is tried again

        Put("Versioned2");
        Assert.Equal(new PluginChange([], [Versioned], [], []), await ReloadAsync(manager), ChangeComparer.Instance);

        await Eventually.TrueAsync(() => States(manager) is ["Active 2.0.0"], DefaultTimeoutExtensions.Limit,
            "the old version is not gone");
        Assert.Null(Assert.Single(manager.Statuses).Problem);
        Assert.Equal("start v1\nstart v2\nstop v1\n", Life());
    }

    [Fact]
    public async Task Reload_PluginThatNeverWorked_ShowsWhyAndIsLoadedOnceRepaired()
    {
        Plugins.AddFile($"{Versioned}/{Versioned}.dll", "broken");
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
        Plugins.Add("Leaking");
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
        Put("Versioned2", More);
        await using var manager = Manager();
        await ReloadAsync(manager);
        Assert.Equal(["Active 1.0.0", "Disabled "], States(manager));
        Assert.Contains(Plugins.Folder, manager.Statuses[1].Problem, StringComparison.Ordinal);

        Remove(Versioned);
        Assert.Equal(new PluginChange([], [Versioned], [], []), await ReloadAsync(manager), ChangeComparer.Instance);

        Assert.Equal("x [in v2]", await TransformAsync(manager));
        await Eventually.TrueAsync(() => States(manager) is ["Active 2.0.0"], DefaultTimeoutExtensions.Limit,
            "the first version is not gone");
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
        Failure = new FormatException("no");

        await Assert.ThrowsAsync<FormatException>(() => ReloadAsync(manager));

        Assert.Equal("start v1\nstop v1\n", Life());
        Assert.Empty(manager.Statuses);
        Failure = null;
        Assert.Equal([Versioned], (await ReloadAsync(manager)).Loaded);
    }

    [Fact]
    public async Task Reload_TakingOverFails_LeavesThePluginsInUseToTheirGeneration()
    {
        Put("Versioned1");
        await using var manager = Manager();
        await ReloadAsync(manager);
        Plugins.Add("Good");
        Failure = new FormatException("no");
        await Assert.ThrowsAsync<FormatException>(() => ReloadAsync(manager));
        Failure = null;

        Remove(Versioned);
        await ReloadAsync(manager);

        await Eventually.TrueAsync(() => States(manager) is ["Active 0.1.0"], DefaultTimeoutExtensions.Limit,
            "the removed plugin is not gone");
        Assert.Equal("start v1\nstop v1\n", Life());
    }
}
