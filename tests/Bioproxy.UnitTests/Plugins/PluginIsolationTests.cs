using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

/// <summary>Which assemblies a plugin gets from its own folder, and which from the host.</summary>
public sealed class PluginIsolationTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public void Load_PluginOfTheFirstContract_IsActive()
    {
        _plugins.Add("OldContract");

        using var set = _plugins.Load();

        var status = Assert.Single(set.Statuses);
        Assert.Equal((PluginState.Active, null), (status.State, status.Problem));
        Assert.Equal(["transform: old (order 7)", "engine: .old"], status.Exports);
    }

    [Fact]
    public async Task Load_OwnCopyOfAllTheContractNeeds_IsIgnored()
    {
        _plugins.Add("OwnCopy");

        Assert.Equal("hello [own copy, logger there]", await TransformAsync("hello"));
    }

    [Fact]
    public async Task Load_LibraryThatTheHostHasInAnotherVersion_GetsItsOwn()
    {
        _plugins.Add("PrivateDependency");

        Assert.Equal(new Version(3, 0, 0, 0), typeof(System.CommandLine.Command).Assembly.GetName().Version);
        Assert.Equal("hello [System.CommandLine 2.0.0.0]", await TransformAsync("hello"));
    }

    [Fact]
    public async Task Load_NativeLibrary_IsFoundInThePluginsFolder()
    {
        var here = Path.Combine("runtimes", RuntimeInformation.RuntimeIdentifier);
        _plugins.Add("Native", which: file => !file.StartsWith("runtimes", StringComparison.Ordinal)
            || file.StartsWith(here, StringComparison.Ordinal));

        Assert.Equal("hello [capstone 4.0]", await TransformAsync("hello"));
    }

    [Fact]
    public async Task Transform_NativeLibraryTruncatedAfterLoading_StillRuns()
    {
        var here = Path.Combine("runtimes", RuntimeInformation.RuntimeIdentifier);
        var folder = _plugins.Add("Native", which: file => !file.StartsWith("runtimes", StringComparison.Ordinal)
            || file.StartsWith(here, StringComparison.Ordinal));
        using var set = _plugins.Load();

        foreach (var file in Directory.GetFiles(Path.Combine(folder, here), "*", SearchOption.AllDirectories))
            await File.WriteAllTextAsync(file, ""); // before it is mapped, and while it is

        Assert.Equal("hello [capstone 4.0]", await TransformAsync(set, "hello"));
        Assert.Equal("again [capstone 4.0]", await TransformAsync(set, "again"));
    }

    [Fact]
    public void Unload_PluginThatLeaks_StaysPending()
    {
        _plugins.Add("Leaking");

        var reference = LoadAndUnload(_plugins);
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.True(reference.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference LoadAndUnload(FixturePlugins plugins) => Assert.Single(plugins.Load().Unload());

    private async Task<string?> TransformAsync(string text)
    {
        using var set = _plugins.Load();
        Assert.All(set.Statuses, status => Assert.Null(status.Problem));
        return await TransformAsync(set, text);
    }

    private static async Task<string?> TransformAsync(PluginSet set, string text)
    {
        var context = Prompts.User(text);
        await Assert.Single(set.Transforms).TransformAsync(context, CancellationToken.None);
        return context.Messages[0].Parts[0].Text;
    }
}
