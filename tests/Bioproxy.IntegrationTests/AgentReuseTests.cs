using System.Collections.Frozen;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Agent plugins and the stabiliser in front of the real server: what they add or remove costs no KV cache.</summary>
public sealed class AgentReuseTests(ITestOutputHelper output) : IDisposable
{
    private const int TemplateTokens = 2 * 512;

    private readonly PluginFolder _plugins = new();

    /// <param name="isSlotLost">Other requests take the slot between the turns, so the prompt prefix has to come from disk or from the
    /// server's RAM cache.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RagAndPrefix_SecondTurn_KeepsTheStaticPrefix(bool isSlotLost)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        var notes = Directory.CreateDirectory(workspace.PathOf("notes")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(notes, "printer.md"), "# Printer\n\nThe printer stands in the cellar, and its name is Gutenberg.\n");
        await File.WriteAllTextAsync(Path.Combine(notes, "garden.txt"), "Tomatoes want sun and water.\n");
        _plugins.Copy("plugins/Bioproxy.Rag");
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: isSlotLost ? 1 : 2));
        await using var proxy = await workspace.StartProxyAsync(server,
            o => WithPlugin(o, "Bioproxy.Rag",
                new JsonObject { ["folders"] = new JsonArray(notes), ["max_characters"] = 400, ["chunk_characters"] = 200 }));
        await proxy.WaitUntilWarmAsync("@code");

        const string Question = "/rag @code Where is the printer?";
        var first = await proxy.AskAsync(("user", Question));
        // the history keeps the passages it was given
        await File.WriteAllTextAsync(Path.Combine(notes, "printer.md"), "# Printer\n\nThe printer was sold.\n");
        if (isSlotLost)
            await proxy.AskAsync(("user", "Something else altogether."));
        var second = await proxy.AskAsync(("user", Question), ("assistant", first.Text), ("user", "And its name?"));

        output.WriteLine($"{first}\n{second}");
        var plain = await proxy.AskAsync(("user", "@code Where is the printer?"));
        Assert.InRange(first.PromptTokens, plain.PromptTokens + 60, plain.PromptTokens + 600); // the passages were there
        Assert.InRange(first.CachedTokens, (int)(Tolerances.RestoredPart * TemplateTokens), first.PromptTokens);
        Assert.InRange(
            second.CachedTokens, (int)(Tolerances.RestoredPart * (isSlotLost ? TemplateTokens : first.PromptTokens)), second.PromptTokens);
    }

    [Fact]
    public async Task Stabiliser_FirstLineThatChanges_TurnsNoReuseIntoFullReuse()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { CacheRamMiB = 0 });
        var rules = TemplateText.Words(3, TemplateTokens);
        var without = await SecondOfTwoAsync(await workspace.StartProxyAsync(server,
            o => WithPlugin(o, "Bioproxy.PrefixStabiliser", new JsonObject { ["attribution"] = false })), rules);

        var with = await SecondOfTwoAsync(await workspace.StartProxyAsync(server), rules);

        output.WriteLine($"without {without}\nwith    {with}");
        Assert.InRange(without.CachedTokens, 0, 100); // the names of the role and of the header
        Assert.InRange(with.ComputedTokens, 1, 30); // the question
    }

    public void Dispose() => _plugins.Dispose();

    private static async Task<Answer> SecondOfTwoAsync(TestProxy proxy, string rules)
    {
        await using var owned = proxy;
        await proxy.WaitUntilRecognisedAsync();
        await proxy.AskAsync(("system", $"x-anthropic-billing-header: cc_version=2.0; cch=a91f3;\n{rules}"), ("user", "Who is there?"));
        return await proxy.AskAsync(
            ("system", $"x-anthropic-billing-header: cc_version=2.0; cch=00c7e;\n{rules}"), ("user", "And who now?"));
    }

    private ProxyOptions WithPlugin(ProxyOptions options, string plugin, JsonObject settings) => options with
    {
        PluginDirectories = [.. options.PluginDirectories, _plugins.Root],
        PluginSettings = new Dictionary<string,
            ReadOnlyMemory<byte>>
        { [plugin] = Encoding.UTF8.GetBytes(settings.ToJsonString()) }.ToFrozenDictionary(),
        KvSave = SaveMode.Never,
    };
}
