using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginManagerStopTests : ManagedPlugins
{
    [Fact]
    public async Task Reload_PluginThatCannotStartAndWhoseDisposeHangs_Ends()
    {
        AddLife("""{"fails":"start","hangs":"dispose"}""");
        await using var manager = Manager(loading: Time);
        var reload = manager.ReloadAsync(CancellationToken.None);
        await WhenReachedAsync("dispose");
        await Time.WhenTimersAsync(1).DefaultTimeout();

        Time.Advance(LoadedPlugin.StepLimit);

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
        await Time.WhenTimersAsync(2).DefaultTimeout();
        Time.Advance(TimeSpan.FromSeconds(5));

        await ending.DefaultTimeout();
    }

    [Fact]
    public async Task Dispose_WhileAReloadHangs_EndsAtOnce()
    {
        AddLife("""{"hangs":"start"}""");
        var manager = Manager(loading: Time);
        var reload = manager.ReloadAsync(CancellationToken.None);
        await WhenReachedAsync("start");

        await manager.DisposeAsync().DefaultTimeout();

        await Time.WhenTimersAsync(3).DefaultTimeout();
        Time.Advance(2 * LoadedPlugin.StepLimit);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reload.DefaultTimeout());
        Assert.Empty(manager.Statuses);
    }
}
