using System.Net;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Packages;

/// <summary>Each package gets from nothing to a warm answer of a real llama-server.</summary>
public sealed class PackageTests(ITestOutputHelper output)
{
    private static readonly TimeSpan WarmLimit = TimeSpan.FromSeconds(60);

    [PackageFact]
    public async Task SingleFile_WithAPluginBesideIt_LoadsAllPluginsAndAnswersWarm()
    {
        await using var workspace = new Workspace(output);
        var server = await StartServerAsync(workspace);
        var program = workspace.PathOf("bioproxy");
        File.Copy(Release.File("bioproxy-*-linux-x64"), program);
        Copy(PluginFolder.OutputOf("tests/Fixtures/Bioproxy.Fixtures.Good"), workspace.PathOf("plugins/Bioproxy.Fixtures.Good"));
        Directory.CreateDirectory(workspace.PathOf("home")); // for its library of SQLite
        workspace.AddTemplate("@code", TemplateText.Of(1, 512));
        workspace.WriteConfig(server.BaseAddress, new JsonObject { ["plugin_directories"] = new JsonArray() });

        await using var run = await BioproxyRun.StartProgramAsync(
            ["env", $"HOME={workspace.PathOf("home")}", program, "--config", workspace.ConfigFile], output);

        await AssertWarmAnswerAsync(run);
        var plugins = (await run.StatusAsync())["plugins"]!.AsArray().Select(plugin => (string)plugin!["name"]!);
        Assert.Equal(["Bioproxy.Fixtures.Good", "Bioproxy.PrefixExpander", "Bioproxy.PrefixStabiliser"], plugins.Order());
    }

    [PackageFact]
    public async Task Tool_InstalledAndInitialised_AnswersWarm()
    {
        await using var workspace = new Workspace(output);
        var server = await StartServerAsync(workspace);
        var tools = workspace.PathOf("tools");
        await Release.RunAsync("dotnet", "tool", "install", "Bioproxy", "--tool-path", tools, "--add-source", Release.Folder!);
        var config = workspace.PathOf("etc/config.json");

        await using var run = await BioproxyRun.StartProgramAsync(
            [
                "env", $"XDG_STATE_HOME={workspace.PathOf("state")}", Path.Combine(tools, "bioproxy"), "init", "--yes", "--run",
                "--config", config, "--backend", server.BaseAddress.ToString(), "--port", "0", "--admin-port", "0",
            ],
            output);

        await AssertWarmAnswerAsync(run);
    }

    [PackageFact(needsDebian: true)]
    [SupportedOSPlatform("linux")]
    public async Task Deb_InstalledAndPurged_AnswersWarmAsItsUserAndLeavesNothing()
    {
        await using var workspace = new Workspace(output);
        var server = await StartServerAsync(workspace);
        try
        {
            await Release.RunAsync("dpkg", "-i", Release.File("bioproxy_*_amd64.deb"));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode("/var/lib/bioproxy"));
            Assert.Contains("bioproxy:", await File.ReadAllTextAsync("/etc/passwd"), StringComparison.Ordinal);

            await using var run = await BioproxyRun.StartProgramAsync(
                [
                    "setpriv", "--reuid=bioproxy", "--regid=bioproxy", "--clear-groups", "--no-new-privs",
                    "/usr/bin/bioproxy", "--config", "/etc/bioproxy/config.json",
                    "--backend", server.BaseAddress.ToString(), "--port", "0", "--admin-port", "0",
                ],
                output);

            Assert.Equal("bioproxy", Release.UserOf(run.Id));
            await AssertWarmAnswerAsync(run);
            Assert.Equal(0, await run.StopAsync());
        }
        finally
        {
            await Release.RunAsync("dpkg", "--purge", "bioproxy");
        }

        Assert.All(
            ["/usr/bin/bioproxy", "/usr/lib/bioproxy", "/etc/bioproxy", "/var/lib/bioproxy", "/usr/lib/systemd/system/bioproxy.service"],
            path => Assert.False(Path.Exists(path), path));
        Assert.DoesNotContain("bioproxy:", await File.ReadAllTextAsync("/etc/passwd"), StringComparison.Ordinal);
    }

    /// <summary>Under a real systemd: ready when it says so, started again when it is killed, stopped in time, and not started again with a
    /// mistake in its configuration.</summary>
    [PackageFact(needsDebian: true, needsSystemd: true)]
    [SupportedOSPlatform("linux")]
    public async Task Unit_UnderSystemd_IsReadyRestartedAndStopped()
    {
        const string Script =
            """
            show() { systemctl show bioproxy -p ActiveState,SubState,NRestarts,ExecMainStatus --value | paste -sd ' ' >> "$OUT"; }
            pid() { systemctl show bioproxy -p MainPID --value; }
            systemctl start bioproxy; show
            ps -o user:32= -p "$(pid)" >> "$OUT"
            kill -9 "$(pid)"
            until [ "$(systemctl is-active bioproxy)" != active ]; do sleep 0.1; done
            until [ "$(systemctl is-active bioproxy)" = active ]; do sleep 0.1; done
            show
            systemctl stop bioproxy; show
            sed -i 's/"proxy_port"/"proxy_prot"/' /etc/bioproxy/config.json
            systemctl start bioproxy; sleep 3; show
            """;
        await using var workspace = new Workspace(output);
        try
        {
            await Release.RunAsync("dpkg", "-i", Release.File("bioproxy_*_amd64.deb"));
            var config = await File.ReadAllTextAsync("/etc/bioproxy/config.json");
            var ports = config.LastIndexOf('}');
            await File.WriteAllTextAsync("/etc/bioproxy/config.json", config.Insert(ports, "\"proxy_port\": 0, \"admin_port\": 0,\n"));

            var said = await OwnSystemd.RunAsync("bioproxy.service", Script, workspace);

            Assert.Equal(["0 0 active running", "bioproxy", "1 0 active running", "0 0 inactive dead", "0 2 failed failed"], said);
        }
        finally
        {
            await Release.RunAsync("dpkg", "--purge", "bioproxy");
        }
    }

    /// <summary>systemd's own measure of a unit: from 0, safe, to 10.</summary>
    [PackageFact(needsDebian: true)]
    [SupportedOSPlatform("linux")]
    public async Task Unit_Exposure_IsBelow3()
    {
        var unit = Path.Combine(RepositoryFolder.Root!, "packaging", "deb", "bioproxy.service");

        output.WriteLine(await Release.RunAsync("systemd-analyze", "security", "--offline=true", "--threshold=29", unit));
    }

    private static async Task<LlamaServer> StartServerAsync(Workspace workspace)
    {
        workspace.UseModel(size: TinySize.Tiny);
        return await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2));
    }

    /// <summary>What somebody does who has just installed it: wait until the template is warm, and ask.</summary>
    private static async Task AssertWarmAnswerAsync(BioproxyRun run)
    {
        await Eventually.TrueAsync(
            async () => (await run.StatusAsync())["templates"]!.AsArray()
                .Any(template => (string)template!["prefix"]! == "@code" && (string)template["state"]! == "warm"),
            WarmLimit,
            "the template is warm");

        var chat = ChatProbe.FirstTokenBody(ChatProbe.Chat(("user", "@code How do I reverse a string?")));
        var answer = await run.SendAsync(chat);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains(answer.Cache, new[] { "hot", "ram", "restored" });
        Assert.True(answer.CachedTokens > answer.ComputedTokens, answer.ToString());
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
