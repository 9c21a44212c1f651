using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Bioproxy.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginUnloadTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public void Unload_UsedPlugin_LeavesNothingBehind()
    {
        _plugins.Add("Good");

        AssertUnloaded(LoadUseAndUnload(_plugins));
    }

    [Fact]
    public void Load_PluginThatIsFaulted_LeavesNothingBehind()
    {
        var folder = _plugins.Add("ThrowingConstructor", name: "ThrowingConstructor.Only");
        var file = Path.Combine(folder, "Bioproxy.Fixtures.ThrowingConstructor.dll");
        File.Move(file, Path.Combine(folder, "ThrowingConstructor.Only.dll"));

        LoadAndForget(_plugins);

        for (var i = 0; PluginContexts() > 0 && i < 20; i++)
            Collect();
        Assert.Equal(0, PluginContexts());

        // Other test classes load plugins at the same time, but none from a file of this name.
        static int PluginContexts() => AssemblyLoadContext.All.Count(context => context.Name == "ThrowingConstructor.Only");
    }

    [Fact]
    public async Task Unload_PartsHeldByOthers_AreCut()
    {
        _plugins.Add("Good");
        var set = _plugins.Load();
        var transform = set.Transforms[0];
        var engine = set.Engines[".rev"];

        set.Unload();

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            transform.TransformAsync(Prompts.User("x"), CancellationToken.None).AsTask());
        Assert.Throws<TemplateException>(() => engine.Parse(Substitute.For<ITemplateSource>()));
        Assert.Empty(set.Unload());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference LoadUseAndUnload(FixturePlugins plugins)
    {
        var set = plugins.Load();
        var task = set.Transforms[0].TransformAsync(Prompts.User("x"), CancellationToken.None);
        Assert.True(task.IsCompletedSuccessfully);
        Assert.Equal("cba!", set.Engines[".rev"].Parse(new TextSource("abc")).Render(new TemplateVariables("!")));
        return Assert.Single(set.Unload());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LoadAndForget(FixturePlugins plugins)
    {
        using var set = plugins.Load();
        Assert.Single(set.Statuses);
    }

    private static void AssertUnloaded(WeakReference reference)
    {
        for (var i = 0; reference.IsAlive && i < 20; i++)
            Collect();
        Assert.False(reference.IsAlive, "The plugin is still referenced.");
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    // A substitute would keep the plugin's objects among its recorded calls.
    private sealed class TextSource(string text) : ITemplateSource
    {
        public string Path => "x.rev";

        public string Text => text;

        public string Include(string path) => throw new TemplateException("no includes");
    }
}
