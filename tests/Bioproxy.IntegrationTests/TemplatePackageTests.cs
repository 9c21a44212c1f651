using System.Diagnostics;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The path of a plugin author, by the README's own commands: pack, create from the template, test, deploy, use. It builds and
/// tests a project, which takes two cores more than a minute.</summary>
public sealed class TemplatePackageTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly string _root = Directory.CreateTempSubdirectory("bioproxy-author-").FullName;

    [LongFact]
    public async Task Guide_CommandsForAuthors_MakeAPluginThatWorks()
    {
        var plugins = Path.Combine(_root, "apps", "bioproxy", "plugins");
        Directory.CreateDirectory(plugins);
        var commands = Commands()
            .Replace("~/apps/bioproxy", Path.Combine(_root, "apps", "bioproxy"), StringComparison.Ordinal)
            .Replace("../Acme.Shout", Path.Combine(_root, "Acme.Shout"), StringComparison.Ordinal);
        Assert.Contains("dotnet new bioproxy-plugin", commands, StringComparison.Ordinal);
        await using var stage = await FakeStage.StartAsync(output,
            change: o => o with { PluginDirectories = [.. o.PluginDirectories, plugins], PluginCheckInterval = TimeSpan.FromSeconds(0.2) });

        await RunAsync(commands);

        await Eventually.TrueAsync(
            async () => (await stage.StatusAsync())["plugins"]!.AsArray().Any(p => (string)p!["name"]! == "Acme.Shout"
                && (string)p["state"]! == "active"), FakeStage.Limit, "the running proxy has it");
        await stage.AskAsync(FakeStage.Chat("hello"));
        Assert.Equal("HELLO", (string)stage.Chats[^1].Json["messages"]![0]!["content"]!);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>The code block of the plugin guide that begins with packing.</summary>
    private static string Commands()
    {
        var guide = File.ReadAllText(Path.Combine(RepositoryFolder.Root!, "docs", "plugins.md"));
        var start = guide.IndexOf("./scripts/pack.sh", StringComparison.Ordinal);
        return guide[start..guide.IndexOf("```", start, StringComparison.Ordinal)];
    }

    /// <summary>With a private copy of the machine's settings, so that neither a template nor a package remains.</summary>
    private async Task RunAsync(string commands)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", commands])
        {
            WorkingDirectory = RepositoryFolder.Root!,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_CLI_HOME"] = Path.Combine(_root, "cli");
        start.Environment["NUGET_PACKAGES"] = Path.Combine(_root, "packages");
        start.Environment["NUGET_FALLBACK_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(home, ".nuget", "packages");
        foreach (var inherited in new[] { "MSBUILDNOINPROCNODE", "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "VSTEST_CONNECTION_TIMEOUT" })
            start.Environment.Remove(inherited);
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()).WaitAsync(Limit);
        await process.WaitForExitAsync().WaitAsync(Limit);
        output.WriteLine(said[0] + said[1]);
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("Passed!", said[0], StringComparison.Ordinal);
    }
}
