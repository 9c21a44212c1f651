using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Templates are edited while the proxy serves, by editors that rename and by shells that do not.</summary>
public sealed class TemplateChangeTests(ITestOutputHelper output)
{
    private const string Question = "How do I reverse a string?";
    private const int OldTokens = 2 * 512;
    private const int NewTokens = 3 * 512;
    private static readonly string Old = TemplateText.Of(1, OldTokens);
    private static readonly string New = TemplateText.Of(2, NewTokens);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Template_EditedWhileServing_IsUsedAtOnceAndItsNewVersionSaved(bool isRenamed)
    {
        await using var workspace = NewWorkspace(out var file);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2));
        await using var proxy = await workspace.StartProxyAsync(
            server, options => OnlyTheWatcher(options) with { KvSave = SaveMode.Never });
        await proxy.WaitUntilWarmAsync("@code");
        var old = proxy.Template("@code").TokensHash;
        var oldFile = Assert.Single(proxy.App.Snapshots.All).File;

        var hash = proxy.App.Templates[0].ContentHash;
        Write(file, New, isRenamed);
        await Eventually.TrueAsync(() => proxy.App.Templates[0].ContentHash != hash, Tolerances.Soon, "the new text is in use");
        var answer = await AskAsync(proxy);

        var cold = await workspace.ColdAsync(("user", TemplateText.Expand(New, Question)));
        Assert.Equal(cold.PromptTokens, answer.PromptTokens);
        Assert.InRange(ChatProbe.MaxDifference(answer.First, cold), 0, Tolerances.SameSplit);

        await proxy.WaitUntilWarmAsync("@code", Tolerances.Soon, otherThan: old);
        var snapshot = Assert.Single(proxy.App.Snapshots.All);
        Assert.Equal(NewTokens, snapshot.Tokens);
        Assert.NotEqual(oldFile, snapshot.File);

        var instance = proxy.Instance;
        await workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(after: instance);
        var restored = await AskAsync(proxy);
        Assert.Equal("restored", restored.Cache);
        Assert.Equal(NewTokens, restored.CachedTokens);
        Assert.InRange(ChatProbe.MaxDifference(restored.First, cold), 0, Tolerances.SameSplit);
    }

    [Fact]
    public async Task Template_EditedWithAFolderKnownToTheProxy_OldFileIsDeleted()
    {
        await using var workspace = NewWorkspace(out var file);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(
            server, options => OnlyTheWatcher(options) with { KvDirectory = workspace.Slots });
        for (var version = 0; version < 3; version++)
        {
            Write(file, TemplateText.Of(10 + version, OldTokens), isRenamed: true);
            await Eventually.TrueAsync(() => proxy.WarmUps.Count >= version + 1, Tolerances.Soon, $"version {version} is warm");
            await proxy.WaitUntilWarmAsync("@code");
        }

        await Eventually.TrueAsync(() => Directory.GetFiles(workspace.Slots).Length == 1, Tolerances.Soon, "one file is left");
        Assert.Equal(Path.GetFileName(Assert.Single(Directory.GetFiles(workspace.Slots))), Assert.Single(proxy.App.Snapshots.All).File);
    }

    [Fact]
    public async Task Template_DeletedWhileServing_LastGoodTextStaysInUse()
    {
        await using var workspace = NewWorkspace(out var file);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(server, OnlyTheWatcher);
        await proxy.WaitUntilWarmAsync("@code");

        File.Delete(file);
        await Eventually.TrueAsync(() => proxy.App.Templates[0].Problem is not null, Tolerances.Soon, "the file's absence is noticed");
        var answer = await AskAsync(proxy);

        Assert.Equal("hot", answer.Cache);
        Assert.Equal(OldTokens, answer.CachedTokens);
        var template = (await proxy.StatusAsync())["templates"]![0]!;
        Assert.True((bool)template["stale"]!);
        Assert.True((bool)template["warm"]!);
        Assert.Contains(file, (string?)template["problem"], StringComparison.Ordinal);
        Assert.True(proxy.Logged("stays in use"));

        await File.WriteAllTextAsync(file, New);
        await Eventually.TrueAsync(() => proxy.App.Templates[0].Problem is null, Tolerances.Soon, "the new file is noticed");
        await Eventually.TrueAsync(
            () => proxy.Template("@code").CacheableTokens == NewTokens, Tolerances.Soon, "the new text is looked at");
        await proxy.WaitUntilWarmAsync("@code", Tolerances.Soon);
    }

    private Workspace NewWorkspace(out string file)
    {
        var workspace = new Workspace(output);
        workspace.UseModel();
        file = workspace.AddTemplate("@code", Old);
        return workspace;
    }

    /// <summary>The periodic check does not run, so only the file watcher can notice.</summary>
    private static ProxyOptions OnlyTheWatcher(ProxyOptions options) => options with { WarmUpCheckInterval = TimeSpan.FromMinutes(10) };

    private static Task<Answer> AskAsync(TestProxy proxy) => proxy.AskAsync(("user", $"@code {Question}"));

    private static void Write(string file, string text, bool isRenamed)
    {
        if (!isRenamed)
        {
            File.WriteAllText(file, text);
            return;
        }

        File.WriteAllText(file + ".new", text);
        File.Move(file + ".new", file, overwrite: true);
    }
}
