using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginLoaderTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task Load_GoodPlugin_IsActiveAndItsPartsWork()
    {
        _plugins.Add("Good");

        using var set = _plugins.Load();

        var status = Assert.Single(set.Statuses);
        Assert.Equal(PluginState.Active, status.State);
        Assert.Equal("Bioproxy.Fixtures.Good", status.Name);
        Assert.Equal("0.1.0", status.Version);
        Assert.Equal(["transform: shout (order 5)", "engine: .rev"], status.Exports);
        Assert.Null(status.Problem);
        Assert.Empty(status.Notes);

        var context = Prompts.User("hello");
        await Assert.Single(set.Transforms).TransformAsync(context, CancellationToken.None);
        Assert.Equal("HELLO -- Bioproxy.Fixtures.Good", context.Messages[0].Parts[0].Text);
        Assert.Equal([".rev"], set.Engines.Keys);
        Assert.Same(set.Engines[".rev"], set.Engines[".REV"]);
    }

    [Fact]
    public void Load_BuiltInPlugin_IsActive()
    {
        var plugins = Path.Combine(FixturePlugins.OutputOf("src/Bioproxy.Host"), "plugins");

        using var set = FixturePlugins.Load(plugins);

        var status = Assert.Single(set.Statuses, status => status.Name == "Bioproxy.PrefixExpander");
        Assert.Equal(PluginState.Active, status.State);
        Assert.Equal(["transform: prefix-expander (order 0)", "engine: *, .txt, .md"], status.Exports);
    }

    [Fact]
    public void Load_FolderOfAnotherName_TakesTheDllWithDepsJson()
    {
        _plugins.Add("Good", name: "renamed");

        using var set = _plugins.Load();

        var status = Assert.Single(set.Statuses);
        Assert.Equal((PluginState.Active, "renamed"), (status.State, status.Name));
    }

    [Fact]
    public void Load_SingleFile_IsAPlugin()
    {
        var folder = _plugins.Add("Throwing");
        var file = Path.Combine(_plugins.Folder, "Alone.dll");
        File.Move(Path.Combine(folder, "Bioproxy.Fixtures.Throwing.dll"), file);
        Directory.Delete(folder, recursive: true);

        using var set = _plugins.Load();

        var status = Assert.Single(set.Statuses);
        Assert.Equal((PluginState.Active, "Alone", file), (status.State, status.Name, status.Path));
    }

    [Fact]
    public void Load_SeveralDllsAndNoneStandsOut_IsFaultedAndListsThem()
    {
        _plugins.Add("Good", name: "renamed", which: file => file.EndsWith(".dll", StringComparison.Ordinal));

        AssertFaulted("Bioproxy.Fixtures.Good.dll, Bioproxy.Fixtures.Library.dll", "give the folder the name of the plugin's DLL");
    }

    [Fact]
    public void Load_EmptyFolder_IsFaulted()
    {
        Directory.CreateDirectory(Path.Combine(_plugins.Folder, "empty"));

        AssertFaulted("contains no plugin DLL");
    }

    [Theory]
    [InlineData("")]
    [InlineData("MZ, but nothing of what should follow it")]
    [InlineData("not even that")]
    public void Load_NoAssembly_IsFaulted(string content)
    {
        _plugins.AddFile("Broken/Broken.dll", content);

        AssertFaulted("Broken.dll is not a .NET assembly");
    }

    [Fact]
    public void Load_MissingDependency_IsFaultedAndNamesIt()
    {
        _plugins.Add("Good", which: file => !file.Contains("Library", StringComparison.Ordinal));

        AssertFaulted("It needs the assembly 'Bioproxy.Fixtures.Library, Version=", "dotnet publish", "folder of the plugin's own");
    }

    [Fact]
    public void Load_ThrowingConstructor_IsFaultedWithItsMessage()
    {
        _plugins.Add("ThrowingConstructor");

        AssertFaulted("The constructor of its transform 'unmakeable' failed.", "InvalidOperationException: no licence found");
    }

    [Fact]
    public void Load_NothingExported_IsFaulted()
    {
        _plugins.Add("NothingExported");

        AssertFaulted("No exports found.", "[PromptTransform]");
    }

    [Fact]
    public void Load_AssemblyWithoutTheContract_IsFaulted()
    {
        File.Copy(typeof(Castle.DynamicProxy.IInterceptor).Assembly.Location, Path.Combine(_plugins.Folder, "Castle.Core.dll"));

        AssertFaulted("It does not use Bioproxy.Abstractions");
    }

    [Fact]
    public void Load_PluginForTheNextContract_IsNotSupported()
    {
        _plugins.Add("Future");

        using var set = _plugins.Load();

        var status = Assert.Single(set.Statuses);
        Assert.Equal(PluginState.NotSupported, status.State);
        Assert.StartsWith("It is built for API 2, the host has API 1", status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OwnCopyOfTheContract_IsIgnoredAndNoted()
    {
        var folder = _plugins.Add("Good");
        File.Copy(typeof(PluginApi).Assembly.Location, Path.Combine(folder, "Bioproxy.Abstractions.dll"));

        using var set = _plugins.Load();

        var status = Assert.Single(set.Statuses);
        Assert.Equal(PluginState.Active, status.State);
        Assert.Contains("Its own copy of Bioproxy.Abstractions.dll is ignored", Assert.Single(status.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OneOfThreeFaulted_LoadsTheOthers()
    {
        _plugins.Add("Good");
        _plugins.Add("NothingExported");
        _plugins.Add("Throwing");

        using var set = _plugins.Load();

        Assert.Equal([PluginState.Active, PluginState.Faulted, PluginState.Active], set.Statuses.Select(status => status.State));
        Assert.Equal(["throwing", "shout"], set.Transforms.Select(transform => transform.Name));
    }

    [Fact]
    public void Load_SameNameTwice_TheFirstWins()
    {
        _plugins.Add("Good");
        using var more = new FixturePlugins();
        more.Add("Good");

        using var set = FixturePlugins.Load(_plugins.Folder, more.Folder);

        Assert.Equal([PluginState.Active, PluginState.Disabled], set.Statuses.Select(status => status.State));
        Assert.Contains(_plugins.Folder, set.Statuses[1].Problem, StringComparison.Ordinal);
        Assert.Single(set.Transforms);
    }

    [Fact]
    public void Load_TwoEnginesForOneExtension_TheFirstWinsAndTheOtherIsNoted()
    {
        _plugins.Add("Good", name: "a");
        _plugins.Add("Good", name: "b");

        using var set = _plugins.Load();

        Assert.Equal("a", Assert.IsType<PluginEngine>(set.Engines[".rev"]).Plugin);
        Assert.Empty(set.Statuses[0].Notes);
        Assert.Equal(["Its engine is not used for '.rev': plugin 'a' was found first."], set.Statuses[1].Notes);
    }

    [Fact]
    public void Load_DirectoryThatDoesNotExist_IsNoFault()
    {
        using var set = FixturePlugins.Load(Path.Combine(_plugins.Folder, "nowhere"));

        Assert.Empty(set.Statuses);
    }

    [Fact]
    public async Task Load_DllTruncatedAfterwards_StillRuns()
    {
        var folder = _plugins.Add("Good");
        using var set = _plugins.Load();
        foreach (var file in Directory.GetFiles(folder, "*.dll"))
            await File.WriteAllTextAsync(file, "");

        var context = Prompts.User("still here");
        await set.Transforms[0].TransformAsync(context, CancellationToken.None);

        Assert.StartsWith("STILL HERE", context.Messages[0].Parts[0].Text, StringComparison.Ordinal);
    }

    private void AssertFaulted(params string[] words)
    {
        using var set = _plugins.Load();
        var status = Assert.Single(set.Statuses);
        Assert.Equal(PluginState.Faulted, status.State);
        Assert.All(words, word => Assert.Contains(word, status.Problem, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', status.Problem!);
        Assert.Empty(set.Transforms);
    }
}
