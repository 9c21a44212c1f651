using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

/// <summary>A manager of fixture plugins in two temporary folders.</summary>
public abstract class ManagedPlugins : IDisposable
{
    private protected const string Versioned = "Bioproxy.Fixtures.Versioned";
    private protected static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ProxyMetrics _metrics = new(TimeProvider.System);
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _settings = [];

    private protected ManagedPlugins() => Listener.When(listener => listener.ChangingAsync(Arg.Any<PluginSet>())).Do(_ =>
    {
        if (Failure is not null)
            throw Failure;
    });

    private protected FixturePlugins Plugins { get; } = new();

    private protected FixturePlugins More { get; } = new();

    private protected DirectoryInfo State { get; } = Directory.CreateTempSubdirectory("bioproxy-state-");

    private protected TestClock Time { get; } = new();

    private protected IPluginListener Listener { get; } = Substitute.For<IPluginListener>();

    /// <summary>What the listener throws when it is notified of a new generation.</summary>
    private protected Exception? Failure { get; set; }

    public void Dispose()
    {
        _metrics.Dispose();
        Plugins.Dispose();
        More.Dispose();
        State.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected static Task<PluginChange> ReloadAsync(PluginManager manager) =>
        manager.ReloadAsync(CancellationToken.None).DefaultTimeout();

    private protected static string[] States(PluginManager manager) =>
        [.. manager.Statuses.Select(status => $"{status.State} {status.Version}")];

    private protected static int Parts(PluginManager manager)
    {
        var set = manager.Pin();
        set.Unpin();
        return set.Transforms.Count;
    }

    private protected static async Task<string?> TransformAsync(PluginManager manager)
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

    private protected static async Task<string?> TransformAsync(PluginSet set)
    {
        var context = Prompts.User("x");
        await Assert.Single(set.Transforms).TransformAsync(context, CancellationToken.None).DefaultTimeout();
        return context.Messages[0].Parts[0].Text;
    }

    private protected string Life() => File.ReadAllText(Path.Combine(State.FullName, "plugins", Versioned, "life.txt"));

    /// <summary>Puts a version in the place of whatever is there.</summary>
    private protected void Put(string fixture, FixturePlugins? where = null)
    {
        Remove(Versioned, where);
        (where ?? Plugins).Add(fixture, Versioned);
    }

    private protected void Remove(string name, FixturePlugins? where = null)
    {
        var folder = Path.Combine((where ?? Plugins).Folder, name);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private protected void AddLife(string settings)
    {
        Plugins.Add("Life");
        _settings["Bioproxy.Fixtures.Life"] = Encoding.UTF8.GetBytes(settings);
    }

    /// <summary>Waits until the plugin hangs in a step.</summary>
    private protected Task WhenReachedAsync(string step) => Eventually.TrueAsync(
        () => File.Exists(Path.Combine(State.FullName, "plugins", "Bioproxy.Fixtures.Life", step)),
        DefaultTimeoutExtensions.Limit,
        $"{step} is not reached");

    private protected PluginManager Manager(TimeSpan? interval = null, TimeProvider? loading = null)
    {
        var options = new ProxyOptions
        {
            BaseDirectory = State.FullName,
            StateDirectory = State.FullName,
            PluginDirectories = [Plugins.Folder, More.Folder],
            PluginCheckInterval = interval ?? Interval,
            PluginSettings = _settings,
        };
        var facilities = new PluginFacilities
        {
            Options = options,
            Loggers = NullLoggerFactory.Instance,
            Time = Time,
            Templates = Substitute.For<ITemplateLibrary>(),
            Metrics = _metrics,
        };
        // The loader's time limits must not count among the timers of the loop.
        var loader = new PluginLoader(
            options, name => new PluginHost(name, facilities), loading ?? TimeProvider.System, NullLogger<PluginLoader>.Instance);
        return new PluginManager(loader, options, [Listener], Time, NullLogger<PluginManager>.Instance);
    }

    /// <summary>By the names, not by the lists' identity.</summary>
    private protected sealed class ChangeComparer : IEqualityComparer<PluginChange>
    {
        public static ChangeComparer Instance { get; } = new();

        public bool Equals(PluginChange? x, PluginChange? y) => Text(x) == Text(y);

        public int GetHashCode(PluginChange obj) => Text(obj).GetHashCode(StringComparison.Ordinal);

        private static string Text(PluginChange? change) => $"{change}";
    }
}
