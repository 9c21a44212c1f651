using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginManagerRunTests : ManagedPlugins
{
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
            Plugins.AddFile($"{Versioned}/more{i}.txt", "x");
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
        var (folder, away) = (Path.Combine(Plugins.Folder, Versioned), Path.Combine(State.FullName, "away"));

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

        Put("Versioned2", More);
        await run.CheckAsync();
        Assert.Equal(["Active 1.0.0", "Disabled "], States(manager));
        Remove(Versioned, More);
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
        Failure = (Exception)Activator.CreateInstance(failure)!;
        Put("Versioned1");
        await run.CheckAsync();
        await run.CheckAsync();
        Assert.Empty(manager.Statuses);

        Failure = null;
        await run.CheckAsync();

        Assert.Equal(["Active 1.0.0"], States(manager));
    }

    [Fact]
    public async Task Run_NoInterval_EndsAtOnce() => await Manager(TimeSpan.Zero).RunAsync(CancellationToken.None).DefaultTimeout();

    private async Task<Run> RunAsync(PluginManager manager)
    {
        var run = new Run(manager, Time);
        await Time.WhenTimersAsync(1).DefaultTimeout();
        return run;
    }

    /// <summary>The background loop. It has finished a check when it waits for the next one.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly FakeTimeProvider Time;
        private readonly Task _loop;

        public Run(PluginManager manager, FakeTimeProvider time)
        {
            Time = time;
            _loop = Task.Run(() => manager.RunAsync(_stop.Token));
        }

        public Task CheckAsync()
        {
            Time.Advance(Interval);
            return Time.WhenTimersAsync(1).DefaultTimeout();
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop.DefaultTimeout();
            _stop.Dispose();
        }
    }
}
