using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A state folder that cannot be written: the proxy says so, serves, and saves nothing.</summary>
public sealed class ReadOnlyStateTests(ITestOutputHelper output, LearnedConversations conversations) : IClassFixture<LearnedConversations>
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.UserExecute;

    // Permissions do not bind root; without these capabilities they do.
    private static readonly string[] Bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search"];

    private readonly Conversation _one = conversations.One;

    /// <param name="what">What is wrong with the state folder.</param>
    [Theory]
    [InlineData("a file in it")]
    [InlineData("not ours to write")]
    [InlineData("used before, and not ours to write any more")]
    public async Task Start_StateCannotBeWritten_ServesAndKeepsNothing(string what)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2));
        workspace.WriteConfig(server.BaseAddress, new JsonObject
        {
            ["kv"] = new JsonObject { ["directory"] = "slots", ["save"] = "always", ["min_tokens"] = 128, ["idle_save_seconds"] = 0.1 },
            ["plugin_directories"] = new JsonArray(),
        });
        var state = workspace.PathOf("state");
        Directory.CreateDirectory(state);
        if (what == "a file in it")
            await File.WriteAllTextAsync(Path.Combine(state, "backends"), "where a folder should be");
        if (what == "used before, and not ours to write any more")
        {
            await using var before = await BioproxyRun.StartAsync(workspace.ConfigFile, output);
            await before.WaitUntilRecognisedAsync();
            Assert.Equal(0, await before.StopAsync());
        }

        List<string> folders = what == "a file in it"
            ? []
            : [state, .. Directory.EnumerateDirectories(state, "*", SearchOption.AllDirectories)];
        folders.ForEach(folder => SetMode(folder, ReadOnly));
        try
        {
            await using var proxy = await BioproxyRun.StartAsync(workspace.ConfigFile, output, Environment.UserName == "root" ? Bound : []);
            Assert.True(proxy.HasSaid("cannot be used"));
            Assert.True(proxy.HasSaid("no KV cache is saved or restored"));

            // Without an identity the model is not recognised, but the slot list is read; before that, a request is not pinned.
            await Eventually.TrueAsync(
                async () => (await proxy.StatusAsync()) is { } status && status["slots"]!.AsArray() is { Count: 2 } slots
                    && slots.All(slot => slot!["tokens"] is not null) && (int)status["queue"]!["used"]! == 0,
                DefaultTimeoutExtensions.Limit,
                "the slots are known");

            _one.AssertRight(0, await proxy.SendAsync(_one.Request(0)));
            var answer = await proxy.SendAsync(_one.Request(1));
            _one.AssertRight(1, answer);
            Assert.Equal("hot", answer.Cache);
            Assert.Equal(0, await proxy.StopAsync());
            Assert.Empty(Directory.EnumerateFileSystemEntries(workspace.Slots));
        }
        finally
        {
            folders.ForEach(folder => SetMode(folder, ReadOnly | UnixFileMode.UserWrite));
        }
    }

    private static void SetMode(string folder, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, mode);
    }
}
