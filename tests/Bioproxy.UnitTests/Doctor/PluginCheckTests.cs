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
    private readonly List<PluginStatus> _neighbours = [];
    private ProxyOptions _options;

    public PluginCheckTests() =>
        _options = new ProxyOptions { BaseDirectory = _plugins.Folder, StateDirectory = Path.Combine(_plugins.Folder, ".state") };

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task Run_GoodPlugin_IsOkInEverything()
    {
        Assert.Equal(
            [
                "Ok plugin: Bioproxy.Fixtures.Good 0.1.0",
                "Ok api: It is built for API 1.2, the host has API 1.2.",
                "Ok settings: The configuration has no settings under plugins.Bioproxy.Fixtures.Good.",
                "Ok load: It loads.",
                "Ok exports: transform: shout (order 5)",
                "Ok exports: engine: .rev",
                "Ok unload: It unloads.",
            ],
            await RunAsync(_plugins.Add("Good")));
    }

    [Fact]
    public async Task Run_Commands_AreListed() =>
        Assert.Contains("Ok exports: handler: echo (order 0, /echo)", await RunAsync(_plugins.Add("Handler")));

    [Fact]
    public async Task Run_ContractOfAnotherMajor_FailsWithoutFurtherFindings()
    {
        var findings = await RunAsync(_plugins.Add("Future"));

        Assert.Equal(2, findings.Count);
        Assert.StartsWith("Bad api: It is built for API 2, the host has API 1: ", findings[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OldContract_IsOk()
    {
        var findings = await RunAsync(_plugins.Add("OldContract"));

        Assert.Contains("Ok api: It is built for API 1.0, the host has API 1.2.", findings);
        Assert.All(findings, finding => Assert.StartsWith("Ok ", finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_OwnCopyOfTheContract_IsANoteWithTheRemedy()
    {
        var note = Assert.Single(await RunAsync(_plugins.Add("OwnCopy")), finding => finding.StartsWith("Info ", StringComparison.Ordinal));

        Assert.StartsWith(
            "Info copies: Its own copies of Bioproxy.Abstractions.dll, Microsoft.Extensions.DependencyInjection.Abstractions.dll, "
            + "Microsoft.Extensions.Logging.Abstractions.dll, System.Composition.AttributedModel.dll are ignored",
            note,
            StringComparison.Ordinal);
        Assert.Contains("Private=\"false\" ExcludeAssets=\"runtime\"", note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MissingAssemblyOfATypeOfThePlugin_FailsToLoadAndIsNamed()
    {
        var findings = await RunAsync(_plugins.Add("Good", which: file => !file.Contains("Library", StringComparison.Ordinal)));

        Assert.StartsWith(
            "Bad load: It needs the assembly 'Bioproxy.Fixtures.Library, Version=0.1.0.0'", findings[^1], StringComparison.Ordinal);
        Assert.EndsWith(PluginFaults.CopyEverything, findings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SingleDllWithADependencyBesideIt_SaysItNeedsAFolder()
    {
        var folder = _plugins.Add("Good");

        var findings = await RunAsync(Path.Combine(folder, "Bioproxy.Fixtures.Good.dll"));

        Assert.StartsWith("Bad load: It needs the assembly 'Bioproxy.Fixtures.Library, ", findings[^1], StringComparison.Ordinal);
        Assert.Contains("into a folder of the plugin's own", findings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MissingAssemblyThatOnlyCodeUses_IsNamed()
    {
        var folder = _plugins.Add("PrivateDependency");
        var file = Path.Combine(folder, "Bioproxy.Fixtures.PrivateDependency.dll");
        var code = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
        code = code.Replace("System.CommandLine", "System.CommandLin3", StringComparison.Ordinal);
        await File.WriteAllBytesAsync(file, Encoding.Latin1.GetBytes(code));

        var findings = await RunAsync(folder);

        Assert.Contains("Ok load: It loads.", findings);
        Assert.Contains(findings, finding => finding.StartsWith(
            "Bad dependency: Bioproxy.Fixtures.PrivateDependency.dll uses the assembly 'System.CommandLin3, Version=2.0.0.0'",
            StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"greting":"x"}""", "plugins.Bioproxy.Fixtures.Settings.greting")]
    [InlineData("""{"greeting":"x","times":"often"}""", "plugins.Bioproxy.Fixtures.Settings.times")]
    public async Task Run_SettingsMistake_NamesTheKey(string settings, string key)
    {
        Set("Bioproxy.Fixtures.Settings", settings);

        var findings = await RunAsync(_plugins.Add("Settings"));

        Assert.Contains("Ok settings: The configuration has settings under plugins.Bioproxy.Fixtures.Settings.", findings);
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
        Assert.Contains(
            "Info name: Its name is 'renamed', from its folder, not 'Bioproxy.Fixtures.Good'.",
            await RunAsync(_plugins.Add("Good", name: "renamed")));

    [Theory]
    [InlineData("NothingExported", "No exports found.")]
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

        Assert.Equal(
            ["Bad load: Broken.dll is not a .NET assembly: copy the plugin's build output again."],
            await RunAsync(Path.Combine(_plugins.Folder, "Broken")));
    }

    [Fact]
    public async Task Run_BrokenDepsJson_IsOneLine()
    {
        var folder = _plugins.Add("Good");
        await File.WriteAllTextAsync(Path.Combine(folder, "Bioproxy.Fixtures.Good.deps.json"), "{");

        var bad = Assert.Single(await RunAsync(folder), finding => finding.StartsWith("Bad ", StringComparison.Ordinal));

        Assert.StartsWith("Bad load: ", bad, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', bad);
    }

    [Theory]
    [InlineData("", "Ok start: It starts.|Ok stop: It stops.|Ok unload: It unloads.")]
    [InlineData("start", "Bad start: Its start failed. InvalidOperationException: the start fails|Ok unload: It unloads.")]
    [InlineData("stop", "Ok start: It starts.|Bad stop: Its stop failed. InvalidOperationException: the stop fails|Ok unload: It unloads.")]
    [InlineData("dispose", "Ok start: It starts.|Ok stop: It stops.|Bad unload: Its Dispose failed. InvalidOperationException: the "
        + "dispose fails")]
    public async Task Run_Lifetime_IsRunToItsEnd(string fails, string expected)
    {
        Set("Bioproxy.Fixtures.Life", $$"""{"fails":"{{fails}}"}""");

        var findings = await RunAsync(_plugins.Add("Life"));

        Assert.Equal(expected.Split('|'), findings.SkipWhile(finding => !finding.Contains(" start: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_PluginThatStaysInMemory_IsNotedWithTheUsualReasons()
    {
        var findings = await RunAsync(_plugins.Add("Leaking"));

        Assert.StartsWith("Info unload: It is still referenced", findings[^1], StringComparison.Ordinal);
        Assert.Contains("timer", findings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NativeLibraryForThisMachine_IsLoaded() => Assert.Contains(
        $"Ok native: capstone: it can be loaded on this machine ({RuntimeInformation.RuntimeIdentifier}).",
        await RunAsync(_plugins.Add("Native")));

    [Fact]
    public async Task Run_NativeLibraryForOtherMachinesOnly_FailsAndNamesTheFiles()
    {
        // The file in this machine's folder is another machine's: only loading it shows.
        var folder = _plugins.Add("Native");
        var here = Directory.GetFiles(Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native")).Single();
        var otherMachine = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-x64" : "linux-arm64";
        var other = Directory.GetFiles(Path.Combine(folder, "runtimes", otherMachine, "native")).Single();
        File.Copy(other, here, overwrite: true);

        var findings = await RunAsync(folder);

        var native = Assert.Single(findings, finding => finding.Contains(" native: ", StringComparison.Ordinal));
        Assert.StartsWith(
            $"Bad native: capstone: it cannot be loaded on this machine ({RuntimeInformation.RuntimeIdentifier}). The plugin brings ",
            native,
            StringComparison.Ordinal);
        Assert.Contains(Path.GetRelativePath(folder, other), native, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhatNeighboursHaveToo_IsNoted()
    {
        _neighbours.Add(Neighbour("Other", "/p/Other", ["*", ".REV"], ["echo"]));
        _neighbours.Add(Neighbour("bioproxy.fixtures.good", "/p/good", [".rev"], []));

        var good = await RunAsync(_plugins.Add("Good"));
        var handler = await RunAsync(_plugins.Add("Handler"));

        Assert.Equal(
            [
                "Info engine: Plugin 'Other' renders '.rev', too; the first one found is used (plugins/ beside the program, then "
                + "plugin_directories).",
                "Info name: Another plugin of this name is in /p/good; the host loads the one it finds first.",
            ],
            good.FindAll(finding => finding.StartsWith("Info ", StringComparison.Ordinal)));
        Assert.Equal(
            ["Info command: Plugin 'Other' has the command /echo, too: both run."],
            handler.FindAll(finding => finding.StartsWith("Info ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_ItselfAmongItsNeighbours_IsNotItsOwnNeighbour()
    {
        var folder = _plugins.Add("Good");
        _neighbours.Add(Neighbour("Bioproxy.Fixtures.Good", folder, [".rev"], []));

        Assert.All(await RunAsync(folder), finding => Assert.StartsWith("Ok ", finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_CommandThatIsSwitchedOff_IsNoted()
    {
        _options = _options with { Agents = ["block", "boom", "echo", "stuck"] };

        Assert.Contains(
            "Info command: Switched off, because they are not in the configured agents: /twice.",
            await RunAsync(_plugins.Add("Handler")));
    }

    [Fact]
    public async Task Find_Neighbours_HasTheirExtensionsAndCommandsWithoutFaultedPlugins()
    {
        _plugins.Add("Good");
        _plugins.Add("Handler");
        _plugins.Add("NothingExported");
        using var plugins = new StandalonePlugins(_options);

        var found = await plugins.FindAsync([_plugins.Folder]).DefaultTimeout();

        Assert.Equal(["Bioproxy.Fixtures.Good", "Bioproxy.Fixtures.Handler"], found.Select(neighbour => neighbour.Name));
        Assert.Equal([".rev"], found[0].Extensions);
        Assert.Equal(["block", "boom", "echo", "stuck", "twice"], found[1].Commands);
    }

    private static PluginStatus Neighbour(string name, string path, string[] extensions, string[] commands) =>
        new() { Name = name, Path = path, State = PluginState.Active, Extensions = extensions, Commands = commands };

    private void Set(string plugin, string settings) =>
        _options = _options with
        {
            PluginSettings = new Dictionary<string, ReadOnlyMemory<byte>> { [plugin] = Encoding.UTF8.GetBytes(settings) },
        };

    private async Task<List<string>> RunAsync(string path)
    {
        using var plugins = new StandalonePlugins(_options);
        var check = new PluginCheck(plugins.Loader, plugins.Options, _neighbours);
        var findings = await check.RunAsync(Assert.Single(PluginFinder.At(path, []))).DefaultTimeout();
        return [.. findings.Select(finding => $"{finding.Verdict} {finding.What}: {finding.Text}")];
    }
}
