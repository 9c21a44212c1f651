using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Snapshot files that are damaged behind the proxy's back: the answer stays correct and the template is warmed again.</summary>
public sealed class DamagedSnapshotTests(ITestOutputHelper output)
{
    private const string Question = "How do I reverse a string?";
    private const int TemplateTokens = 2 * 512;
    private static readonly string Template = TemplateText.Of(1, TemplateTokens);

    /// <param name="damage">What happens to the file.</param>
    /// <param name="isFolderKnown">Whether the proxy can see the server's folder (kv.directory), or learns of it from the restore.</param>
    [Theory]
    [LongInlineData("truncated", false)]
    [LongInlineData("truncated", true)]
    [LongInlineData("deleted", false)]
    [LongInlineData("deleted", true)]
    [InlineData("garbage", false)]
    [LongInlineData("garbage", true)]
    [LongInlineData("a longer template's", false)]
    [LongInlineData("a template's of the same length", false)]
    [InlineData("a template's of the same length", true)]
    public async Task TemplatedQuestion_SnapshotFileDamaged_IsAnsweredRightAndWarmedAgain(string damage, bool isFolderKnown)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", Template);
        workspace.AddTemplate("@long", TemplateText.Of(2, TemplateTokens + 512));
        workspace.AddTemplate("@same", TemplateText.Of(3, TemplateTokens));

        // Without the RAM cache, so that only the snapshot can make a template warm.
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { CacheRamMiB = 0 });
        await using var proxy = await workspace.StartProxyAsync(
            server, options => options with { KvDirectory = isFolderKnown ? workspace.Slots : null, KvSave = SaveMode.Never });
        foreach (var prefix in new[] { "@code", "@long", "@same" })
            await proxy.WaitUntilWarmAsync(prefix);
        await DisplaceAsync(proxy);

        var files = proxy.App.Snapshots.All.ToDictionary(
            snapshot => snapshot.Trigger, snapshot => Path.Combine(workspace.Slots, snapshot.File));
        Damage(damage, files["@code"], files["@long"], files["@same"]);
        var damaged = await AskAsync(proxy);

        var cold = await workspace.ColdAsync(("user", TemplateText.Expand(Template, Question)));
        Assert.InRange(ChatProbe.MaxDifference(damaged.First, cold), 0, Tolerances.SameSplit);
        Assert.True(damaged.CachedTokens < TemplateTokens, $"{damaged}");
        await Eventually.TrueAsync(() => proxy.App.Snapshots.Quarantined.Count > 0, Tolerances.Soon, "the snapshot is quarantined");
        Assert.Contains(Path.GetFileName(files["@code"]), Assert.Single(proxy.App.Snapshots.Quarantined), StringComparison.Ordinal);

        await Eventually.TrueAsync(() => proxy.WarmUps.Count == 4, Tolerances.Soon, "the template is warmed again");
        await proxy.WaitUntilWarmAsync("@code");
        await DisplaceAsync(proxy);
        var restored = await AskAsync(proxy);
        Assert.Equal("restored", restored.Cache);
        Assert.Equal(TemplateTokens, restored.CachedTokens);
        Assert.InRange(ChatProbe.MaxDifference(restored.First, cold), 0, Tolerances.SameSplit);
    }

    private static Task<Answer> AskAsync(TestProxy proxy) => proxy.AskAsync(("user", $"@code {Question}"));

    private static async Task DisplaceAsync(TestProxy proxy)
    {
        await proxy.AskAsync(("user", "Something else altogether."));
        await proxy.AskAsync(("user", "And now another thing."));
    }

    private static void Damage(string damage, string file, string longer, string same)
    {
        switch (damage)
        {
            case "truncated":
                using (var stream = File.OpenWrite(file))
                    stream.SetLength(stream.Length / 2);
                break;
            case "deleted":
                File.Delete(file);
                break;
            case "garbage":
                var bytes = new byte[new FileInfo(file).Length];
                new Random(1).NextBytes(bytes);
                File.WriteAllBytes(file, bytes);
                break;
            case "a longer template's":
                File.Copy(longer, file, overwrite: true);
                break;
            default:
                File.Copy(same, file, overwrite: true);
                break;
        }
    }
}
