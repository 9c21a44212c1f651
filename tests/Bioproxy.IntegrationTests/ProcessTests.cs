using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The program from outside: exit codes, output, shutdown.</summary>
public sealed partial class ProcessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Run_ConfigurationWithMistakes_NamesAllOfThemAndExitsWith2()
    {
        await using var workspace = new Workspace(output);
        await File.WriteAllTextAsync(workspace.ConfigFile, """
            {
              // three mistakes
              "proxy_port": "many",
              "warmup_chek_interval": 30,
              "prefixes": { "@code": "missing.txt" },
            }
            """);

        var (code, said) = await BioproxyProcess.RunAsync("--config", workspace.ConfigFile);

        output.WriteLine(said);
        Assert.Equal(2, code);
        Assert.Contains("proxy_port", said, StringComparison.Ordinal);
        Assert.Contains("many", said, StringComparison.Ordinal);
        Assert.Contains("warmup_chek_interval", said, StringComparison.Ordinal);
        Assert.Contains("warmup_check_interval", said, StringComparison.Ordinal);
        Assert.Contains("missing.txt", said, StringComparison.Ordinal);
        Assert.DoesNotContain("listens", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NamedFileMissing_ExitsWith2()
    {
        await using var workspace = new Workspace(output);
        var (code, said) = await BioproxyProcess.RunAsync("--config", workspace.PathOf("nowhere.json"));
        Assert.Equal(2, code);
        Assert.Contains("nowhere.json", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_EverythingWell_ReportsItAndExitsWith0()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        workspace.AddTemplate("@code", TemplateText.Of(1, 512));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2));
        workspace.WriteConfig(server.BaseAddress, new JsonObject { ["plugin_directories"] = new JsonArray() });

        var (code, said) = await BioproxyProcess.RunAsync("check", "--config", workspace.ConfigFile);

        output.WriteLine(said);
        Assert.Equal(0, code);
        foreach (var word in new[] { workspace.ConfigFile, "@code", "Bioproxy.PrefixExpander", "llama-server", "2 slots" })
            Assert.Contains(word, said, StringComparison.Ordinal);
        Assert.DoesNotContain("FAILED", said, StringComparison.Ordinal);

        // It only reads: no probe, no warm-up.
        Assert.DoesNotContain("launch_slot_", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_NobodyBehindIt_SaysSoAndExitsWith1()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await server.KillAsync();
        workspace.WriteConfig(server.BaseAddress, new JsonObject { ["plugin_directories"] = new JsonArray() });

        var (code, said) = await BioproxyProcess.RunAsync("check", "--config", workspace.ConfigFile);

        output.WriteLine(said);
        Assert.Equal(1, code);
        Assert.Contains("not reachable", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TerminatedDuringAStreamThatEndsInTime_StreamIsCompleteAndExitsWith0()
    {
        await using var workspace = new Workspace(output);
        await using var process = await StartAsync(workspace, TinySize.Small, drainSeconds: 30);
        using var client = new HttpClient { BaseAddress = await AddressAsync(process) };
        using var request = TestProxy.Request(Stream(tokens: 400));
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync().DefaultTimeout());
        Assert.NotNull(await lines.ReadLineAsync().DefaultTimeout());

        process.Terminate();
        var rest = await lines.ReadToEndAsync().DefaultTimeout();

        Assert.EndsWith("data: [DONE]", rest.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(0, await process.WaitForExitAsync().DefaultTimeout());
        output.WriteLine(process.Log.ToString());
    }

    [Fact]
    public async Task Run_TerminatedDuringAStreamWithoutEnd_BreaksItOffAfterTheDrainTime()
    {
        await using var workspace = new Workspace(output);
        await using var process = await StartAsync(workspace, TinySize.Tiny, drainSeconds: 1);
        using var client = new HttpClient { BaseAddress = await AddressAsync(process) };
        using var request = TestProxy.Request(Stream(tokens: 1_000_000));
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync().DefaultTimeout());
        Assert.NotNull(await lines.ReadLineAsync().DefaultTimeout());

        process.Terminate();

        // Never a clean end: the client must see that something is missing.
        await Assert.ThrowsAnyAsync<IOException>(() => lines.ReadToEndAsync()).DefaultTimeout();
        Assert.Equal(0, await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        output.WriteLine(process.Log.ToString());
    }

    private static async Task<ServerProcess> StartAsync(Workspace workspace, TinySize size, int drainSeconds)
    {
        workspace.UseModel(size: size);
        workspace.AddTemplate("@code", TemplateText.Of(1, 512));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        workspace.WriteConfig(server.BaseAddress, new JsonObject
        {
            ["plugin_directories"] = new JsonArray(),
            ["timeouts"] = new JsonObject { ["drain_seconds"] = drainSeconds },
        });
        return BioproxyProcess.Start("--config", workspace.ConfigFile);
    }

    private static async Task<Uri> AddressAsync(ServerProcess process)
    {
        await Eventually.TrueAsync(
            () => ListensLine().IsMatch(process.Log.ToString()), DefaultTimeoutExtensions.Limit, "the program listens");
        return new Uri(ListensLine().Match(process.Log.ToString()).Groups[1].Value);
    }

    private static JsonObject Stream(int tokens)
    {
        var chat = ChatProbe.Chat(("user", "@code Tell me everything."));
        chat["stream"] = true;
        chat["max_tokens"] = tokens;
        return chat;
    }

    [GeneratedRegex(@"listens on (\S+) for")]
    private static partial Regex ListensLine();
}
