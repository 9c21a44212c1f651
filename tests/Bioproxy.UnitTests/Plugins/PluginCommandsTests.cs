using Bioproxy.Doubles;
using Bioproxy.Host;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginCommandsTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();
    private readonly StringWriter _out = new();

    public void Dispose()
    {
        _plugins.Dispose();
        _out.Dispose();
    }

    [Fact]
    public async Task List_NoProxyRuns_ShowsWhatLiesInTheFolders()
    {
        _plugins.Add("Good");
        _plugins.Add("NothingExported");

        Assert.Equal(0, await PluginCommands.ListAsync(Options, _out, CancellationToken.None).DefaultTimeout());

        Assert.StartsWith("No proxy is running on localhost:0;", Lines[0], StringComparison.Ordinal);
        Assert.Contains(
            "Bioproxy.Fixtures.Good             0.1.0    active   transform: shout (order 5)", _out.ToString(), StringComparison.Ordinal);
        Assert.Contains("Bioproxy.Fixtures.NothingExported: problem  No exports found.", _out.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Options.StateDirectory));
    }

    [Fact]
    public async Task List_ProxyRuns_ShowsWhatItHas()
    {
        var good = _plugins.Add("Good");
        await using var app = new BioproxyApp(Options, logging: log => log.SetMinimumLevel(LogLevel.None));
        await app.StartAsync(CancellationToken.None).DefaultTimeout();
        Directory.Delete(good, recursive: true); // what is listed can only be the proxy's

        var options = Options with { AdminPort = app.AdminAddress.Port };
        Assert.Equal(0, await PluginCommands.ListAsync(options, _out, CancellationToken.None).DefaultTimeout());

        Assert.StartsWith("name ", Lines[0], StringComparison.Ordinal);
        Assert.Contains(
            Lines,
            line => line.StartsWith("Bioproxy.Fixtures.Good  0.1.0    active  transform: shout (order 5)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_GoodPlugin_IsZeroAndOneLineAFinding()
    {
        var good = _plugins.Add("Good");

        Assert.Equal(0, await PluginCommands.CheckAsync(Options, good, _out).DefaultTimeout());

        Assert.Equal($"Bioproxy.Fixtures.Good  ({good})", Lines[0]);
        Assert.Equal("ok  plugin    Bioproxy.Fixtures.Good 0.1.0", Lines[1]);
        Assert.Equal("ok  unload    It unloads.", Lines[^2]);
    }

    [Fact]
    public async Task Check_FolderOfPlugins_ChecksEachAmongTheOthersAndIsOneWhenOneFailed()
    {
        _plugins.Add("Good", name: "a");
        _plugins.Add("Good", name: "b");
        _plugins.Add("NothingExported");

        // Not configured: what lies beside each other meets all the same.
        Assert.Equal(1, await PluginCommands.CheckAsync(Options with { PluginDirectories = [] }, _plugins.Folder, _out).DefaultTimeout());

        Assert.Contains("Bioproxy.Fixtures.NothingExported  "
            + $"({Path.Combine(_plugins.Folder, "Bioproxy.Fixtures.NothingExported")})", Lines);
        Assert.Contains(Lines, line => line.StartsWith("FAILED  load      No exports found.", StringComparison.Ordinal));
        Assert.Contains(Lines, line => line.StartsWith("note  engine    Plugin 'a' renders '.rev', too", StringComparison.Ordinal));
        Assert.Contains(Lines, line => line.StartsWith("note  engine    Plugin 'b' renders '.rev', too", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_NothingThere_IsWrongUsage()
    {
        Assert.Equal(2, await PluginCommands.CheckAsync(Options, Path.Combine(_plugins.Folder, "nowhere"), _out).DefaultTimeout());

        Assert.Equal("", _out.ToString());
    }

    private string[] Lines => _out.ToString().Split(Environment.NewLine);

    // Port 0: nobody can listen there, and a proxy takes any.
    private ProxyOptions Options => new()
    {
        BaseDirectory = _plugins.Folder,
        StateDirectory = Path.Combine(_plugins.Folder, ".state"),
        PluginDirectories = [_plugins.Folder],
        ProxyPort = 0,
        AdminPort = 0,
        KvEnabled = false,
        BackendUrl = new Uri("http://127.0.0.1:9"),
    };
}
