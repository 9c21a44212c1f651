using System.Runtime.InteropServices;
using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;
using Bioproxy.Host.Plugins;
using Bioproxy.UnitTests.Plugins;

namespace Bioproxy.UnitTests.Doctor;

public sealed class PluginCheckTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();
    private readonly List<PluginNeighbour> _neighbours = [];
    private ProxyOptions _options;

    public PluginCheckTests() => _options = new ProxyOptions { BaseDirectory = _plugins.Folder, StateDirectory = Path.Combine(_plugins.Folder, ".state") };

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task Run_GoodPlugin_IsOkInEverything()
    {
        Assert.Equal(
            [
                "Ok plugin: Bioproxy.Fixtures.Good 0.1.0",
                "Ok api: It is built for API 1.1, the host has API 1.1.",
                "Ok settings: The configuration has none under plugins.Bioproxy.Fixtures.Good.",
                "Ok load: It loads.",
                "Ok exports: transform: shout (order 5)",
                "Ok exports: engine: .rev",
                "Ok unload: It unloads.",
            ],
            await RunAsync(_plugins.Add("Good")));
    }

    [Fact]
    public async Task Run_Commands_AreTold() =>
        Assert.Contains("Ok exports: handler: echo (order 0, /echo)", await RunAsync(_plugins.Add("Handler")));

    [Fact]
    public async Task Run_ContractOfAnotherMajor_FailsAndIsAllThereIsToSay()
    {
        var findings = await RunAsync(_plugins.Add("Future"));

        Assert.Equal(2, findings.Count);
        Assert.StartsWith("Bad api: It is built for API 2, the host has API 1: ", findings[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OldContract_IsOk()
    {
        var findings = await RunAsync(_plugins.Add("OldContract"));

        Assert.Contains("Ok api: It is built for API 1.0, the host has API 1.1.", findings);
        Assert.All(findings, finding => Assert.StartsWith("Ok ", finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_OwnCopyOfWhatTheHostHas_IsANoteWithTheRemedy()
    {
        var notes = (await RunAsync(_plugins.Add("OwnCopy"))).FindAll(finding => finding.StartsWith("Info ", StringComparison.Ordinal));

        Assert.Equal(2, notes.Count);
        Assert.StartsWith("Info copies: Its own copies of Bioproxy.Abstractions.dll, Microsoft.Extensions.Logging.Abstractions.dll, System.Composition.AttributedModel.dll are ignored", notes[0], StringComparison.Ordinal);
        Assert.Contains("Private=\"false\" ExcludeAssets=\"runtime\"", notes[0], StringComparison.Ordinal);
        Assert.StartsWith("Info copies: It brings Microsoft.Extensions.DependencyInjection.Abstractions.dll, which the host has", notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MissingDependency_IsNamed()
    {
        var findings = await RunAsync(_plugins.Add("Good", which: file => !file.Contains("Library", StringComparison.Ordinal)));

        Assert.Contains(findings, finding => finding.StartsWith("Bad dependency: Bioproxy.Fixtures.Good.dll uses the assembly 'Bioproxy.Fixtures.Library, Version=0.1.0.0'", StringComparison.Ordinal));
        Assert.StartsWith("Bad load: ", findings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SingleDllWithADependencyBesideIt_SaysItNeedsAFolder()
    {
        var folder = _plugins.Add("Good");

        Assert.Contains(
            await RunAsync(Path.Combine(folder, "Bioproxy.Fixtures.Good.dll")),
            finding => finding.StartsWith("Bad dependency: ", StringComparison.Ordinal) && finding.Contains("belongs in a folder of its own", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"greting":"x"}""", "plugins.Bioproxy.Fixtures.Settings.greting")]
    [InlineData("""{"greeting":"x","times":"often"}""", "plugins.Bioproxy.Fixtures.Settings.times")]
    public async Task Run_SettingsMistake_NamesTheKey(string settings, string key)
    {
        Set("Bioproxy.Fixtures.Settings", settings);

        var findings = await RunAsync(_plugins.Add("Settings"));

        Assert.Contains("Ok settings: The configuration has some under plugins.Bioproxy.Fixtures.Settings.", findings);
        Assert.StartsWith("Bad load: ", findings[^1], StringComparison.Ordinal);
        Assert.Contains(key, findings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_GoodSettings_AreUsed()
    {
        Set("Bioproxy.Fixtures.Settings", """{"greeting":"x"}""");

        Assert.All(await RunAsync(_plugins.Add("Settings")), finding => Assert.StartsWith("Ok ", finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_FolderOfAnotherName_IsNoted() =>
        Assert.Contains("Info name: It is called 'renamed' after its folder, not 'Bioproxy.Fixtures.Good'.", await RunAsync(_plugins.Add("Good", name: "renamed")));

    [Theory]
    [InlineData("NothingExported", "It exports nothing")]
    [InlineData("ThrowingConstructor", "no licence found")]
    public async Task Run_PluginThatCannotBeLoaded_FailsWithTheReason(string fixture, string reason)
    {
        var findings = await RunAsync(_plugins.Add(fixture));

        Assert.StartsWith("Bad load: ", findings[^1], StringComparison.Ordinal);
        Assert.Contains(reason, findings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoAssembly_IsOneLine()
    {
        _plugins.AddFile("Broken/Broken.dll", "no assembly");

        Assert.Equal(["Bad load: Broken.dll is not a .NET assembly: copy the plugin's build output again."], await RunAsync(Path.Combine(_plugins.Folder, "Broken")));
    }

    [Fact]
    public async Task Run_BrokenDepsJson_SaysSoInOneLineEach()
    {
        var folder = _plugins.Add("Good");
        await File.WriteAllTextAsync(Path.Combine(folder, "Bioproxy.Fixtures.Good.deps.json"), "{");

        var bad = (await RunAsync(folder)).FindAll(finding => finding.StartsWith("Bad ", StringComparison.Ordinal));

        Assert.Equal(["Bad files", "Bad load"], bad.Select(finding => finding[..finding.IndexOf(':', StringComparison.Ordinal)]));
        Assert.All(bad, finding => Assert.DoesNotContain('\n', finding));
    }

    [Theory]
    [InlineData("", "Ok start: It starts.|Ok stop: It stops.|Ok unload: It unloads.")]
    [InlineData("start", "Bad start: Its start failed. InvalidOperationException: the start fails|Ok unload: It unloads.")]
    [InlineData("stop", "Ok start: It starts.|Bad stop: Its stop failed. InvalidOperationException: the stop fails|Ok unload: It unloads.")]
    [InlineData("dispose", "Ok start: It starts.|Ok stop: It stops.|Bad unload: One of its parts failed to dispose of itself. InvalidOperationException: the dispose fails")]
    public async Task Run_Life_IsLivedToItsEnd(string fails, string expected)
    {
        Set("Bioproxy.Fixtures.Life", $$"""{"fails":"{{fails}}"}""");

        var findings = await RunAsync(_plugins.Add("Life"));

        Assert.Equal(expected.Split('|'), findings.SkipWhile(finding => !finding.Contains(" start: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_PluginThatStaysInMemory_IsNotedWithTheUsualReasons()
    {
        var findings = await RunAsync(_plugins.Add("Leaking"));

        Assert.StartsWith("Info unload: Something holds on to it", findings[^1], StringComparison.Ordinal);
        Assert.Contains("timer", findings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NativeLibraryForThisMachine_IsNamed()
    {
        var findings = await RunAsync(_plugins.Add("Native"));

        var here = Path.Combine("runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        Assert.Contains(findings, finding => finding.StartsWith($"Ok native: capstone: {here}{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_NativeLibraryForOtherMachinesOnly_FailsAndTellsWhich()
    {
        // What is called this machine's is another one's: only the file itself tells.
        var folder = _plugins.Add("Native");
        var here = Directory.GetFiles(Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native")).Single();
        var other = Directory.GetFiles(Path.Combine(folder, "runtimes", RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-x64" : "linux-arm64", "native")).Single();
        File.Copy(other, here, overwrite: true);

        var findings = await RunAsync(folder);

        var native = Assert.Single(findings, finding => finding.Contains(" native: ", StringComparison.Ordinal));
        Assert.StartsWith($"Bad native: capstone: none that would be found suits this machine ({NativeMachine.Here}); it brings linux-", native, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhatNeighboursHaveToo_IsNoted()
    {
        _neighbours.Add(new PluginNeighbour("Other", "/p/Other", ["*", ".REV"], ["echo"]));
        _neighbours.Add(new PluginNeighbour("bioproxy.fixtures.good", "/p/good", [".rev"], []));

        var good = await RunAsync(_plugins.Add("Good"));
        var handler = await RunAsync(_plugins.Add("Handler"));

        Assert.Equal(
            [
                "Info engine: Plugin 'Other' renders '.rev' too: the one that is found first is used (plugins/ beside the program, then plugin_directories).",
                "Info name: Another plugin of this name lies in /p/good: of the two the host loads the one it finds first.",
            ],
            good.FindAll(finding => finding.StartsWith("Info ", StringComparison.Ordinal)));
        Assert.Equal(["Info command: Plugin 'Other' has the command /echo too: both run."], handler.FindAll(finding => finding.StartsWith("Info ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_ItselfAmongItsNeighbours_MeetsNobody()
    {
        var folder = _plugins.Add("Good");
        _neighbours.Add(new PluginNeighbour("Bioproxy.Fixtures.Good", folder, [".rev"], []));

        Assert.All(await RunAsync(folder), finding => Assert.StartsWith("Ok ", finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_CommandThatIsSwitchedOff_IsNoted()
    {
        _options = _options with { Agents = ["block", "boom", "echo", "stuck"] };

        Assert.Contains("Info command: Not among the agents of the configuration, so switched off: /twice.", await RunAsync(_plugins.Add("Handler")));
    }

    [Fact]
    public async Task Find_Neighbours_TellsWhatTheyTakeAndLeavesOutWhatCannotBeMade()
    {
        _plugins.Add("Good");
        _plugins.Add("Handler");
        _plugins.Add("NothingExported");
        using var lone = new LonePlugins(_options);

        var found = await PluginNeighbour.FindAsync(lone.Loader, [_plugins.Folder]).DefaultTimeout();

        Assert.Equal(["Bioproxy.Fixtures.Good", "Bioproxy.Fixtures.Handler"], found.Select(neighbour => neighbour.Name));
        Assert.Equal([".rev"], found[0].Extensions);
        Assert.Equal(["block", "boom", "echo", "stuck", "twice"], found[1].Commands);
    }

    private void Set(string plugin, string settings) =>
        _options = _options with { PluginSettings = new Dictionary<string, ReadOnlyMemory<byte>> { [plugin] = Encoding.UTF8.GetBytes(settings) } };

    private async Task<List<string>> RunAsync(string path)
    {
        using var lone = new LonePlugins(_options);
        var findings = await new PluginCheck(lone.Loader, lone.Options, _neighbours).RunAsync(Assert.Single(PluginFinder.At(path, []))).DefaultTimeout();
        return [.. findings.Select(finding => $"{finding.Verdict} {finding.What}: {finding.Text}")];
    }
}
