using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Plugins are added, replaced and removed while requests run.</summary>
public sealed partial class FakeReloadTests(ITestOutputHelper output) : IDisposable
{
    private const string Versioned = "Bioproxy.Fixtures.Versioned";

    private readonly PluginFolder _plugins = new();

    [Fact]
    public async Task Plugin_ComesChangesAndGoes_TakesEffectWithoutARestart()
    {
        await using var stage = await FakeStage.StartAsync(output, change: o => WithPlugins(o, seconds: 0.05));
        Assert.Equal(("hello", false), await SeenAsync(stage));

        _plugins.Fixture("Versioned1", Versioned);
        await WaitForAsync(stage, "1.0.0");
        Assert.Equal(("hello [in v1]", true), await SeenAsync(stage));

        _plugins.Swap("tests/Fixtures/Bioproxy.Fixtures.Versioned2", Versioned);
        await WaitForAsync(stage, "2.0.0");
        Assert.Equal(("hello [in v2]", true), await SeenAsync(stage));

        File.WriteAllText(Path.Combine(_plugins.Folder(Versioned), $"{Versioned}.dll"), "half a file");
        await Eventually.TrueAsync(async () => ((string?)(await PluginAsync(stage))?["problem"])?.Contains("not a .NET assembly",
            StringComparison.Ordinal) == true, FakeStage.Limit, "it says why");
        Assert.Equal(("active", "2.0.0"), ((string)(await PluginAsync(stage))!["state"]!, (string)(await PluginAsync(stage))!["version"]!));
        Assert.Equal(("hello [in v2]", true), await SeenAsync(stage));

        _plugins.Fixture("Versioned1", Versioned);
        await WaitForAsync(stage, "1.0.0");
        Assert.Null((string?)(await PluginAsync(stage))!["problem"]);

        _plugins.Remove(Versioned);
        await Eventually.TrueAsync(async () => await PluginAsync(stage) is null, FakeStage.Limit, "it is gone, and out of the memory");
        Assert.Equal(("hello", false), await SeenAsync(stage));
        Assert.Equal("start v1\nstart v2\nstop v1\nstart v1\nstop v2\nstop v1\n", await File.ReadAllTextAsync(
            stage.PathOf($"state/plugins/{Versioned}/life.txt")));
    }

    /// <summary>A request that began with the old version ends with it, however long that takes.</summary>
    [Fact]
    public async Task Request_UnderWayWhileThePluginIsReplaced_EndsWithTheOldOne()
    {
        _plugins.Fixture("Versioned1", Versioned);
        await using var stage = await FakeStage.StartAsync(output, change: o => WithPlugins(o, seconds: 0));
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("slow", StringComparison.Ordinal));
        var slow = stage.AskAsync(FakeStage.Chat("slow"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        _plugins.Swap("tests/Fixtures/Bioproxy.Fixtures.Versioned2", Versioned);
        var change = await ReloadAsync(stage);

        Assert.Equal(Versioned, (string)Assert.Single(change["replaced"]!.AsArray())!);
        var states = change["plugins"]!.AsArray().Where(p => (string)p!["name"]! == Versioned).Select(
            p => ((string)p!["version"]!, (string)p["state"]!)).ToList();
        Assert.Equal([("2.0.0", "active"), ("1.0.0", "draining")], states);
        Assert.Equal(("hello [in v2]", true), await SeenAsync(stage));
        gate.Release();
        Assert.Contains("[out v1]", (await slow).Text, StringComparison.Ordinal);
        await Eventually.TrueAsync(
            async () => (await StatesAsync(stage)).SequenceEqual(["active"]), FakeStage.Limit, "the old one has left the memory");
    }

    [Fact]
    public async Task Plugin_HoldsOnToItself_IsSaidToBePending()
    {
        _plugins.Fixture("Leaking");
        await using var stage = await FakeStage.StartAsync(output, change: o => WithPlugins(o, seconds: 0));
        await stage.AskAsync(FakeStage.Chat("hello"));
        _plugins.Remove("Bioproxy.Fixtures.Leaking");

        var change = await ReloadAsync(stage);

        Assert.Equal("Bioproxy.Fixtures.Leaking", (string)Assert.Single(change["removed"]!.AsArray())!);
        await Eventually.TrueAsync(async () => (await StatesAsync(stage, "Bioproxy.Fixtures.Leaking")).SequenceEqual(["unload_pending"]),
            FakeStage.Limit, "it is pending");
        await Eventually.TrueAsync(
            () => stage.Log.Any(l => l.Contains("unload pending", StringComparison.Ordinal)), FakeStage.Limit, "the log says so");
        Assert.Equal("hello", (await SeenAsync(stage)).Prompt);
    }

    [Fact]
    public async Task Reload_ByAForm_IsRefused()
    {
        await using var stage = await FakeStage.StartAsync(output, change: o => WithPlugins(o, seconds: 0));

        using var form = await stage.Admin.PostAsync(new Uri("/plugins/reload", UriKind.Relative), new StringContent("")).WaitAsync(
            FakeStage.Limit);
        using var get = await stage.Admin.GetAsync(new Uri("/plugins/reload", UriKind.Relative)).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, get.StatusCode);
    }

    /// <summary>Six clients without a pause, and ten new versions meanwhile, copied in every way that people copy.</summary>
    [Fact]
    public async Task Requests_WhileThePluginIsReplacedTenTimes_AreEachAnsweredByOneGeneration()
    {
        const int Workers = 6;
        const int Swaps = 10;
        _plugins.Fixture("Versioned1", Versioned);
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 4 }, o => WithPlugins(o, seconds: 0.1));
        var (next, generations) = (-1, new int[3]);
        var isReplaced = false;
        var wrong = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var start = TimeProvider.System.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(AskAllAsync)).Append(Task.Run(SwapAllAsync))).WaitAsync(
            TimeSpan.FromMinutes(3));

        output.WriteLine(
            $"{TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s, {generations[1]} requests by the first version, "
            + $"{generations[2]} by the second");
        Assert.Empty(wrong);
        Assert.InRange(generations[1], 50, int.MaxValue);
        Assert.InRange(generations[2], 50, int.MaxValue);
        Assert.DoesNotContain(stage.Log, l => l.Contains("by a bug", StringComparison.Ordinal));
        await Eventually.TrueAsync(
            async () => (await StatesAsync(stage)).SequenceEqual(["active"]), FakeStage.Limit, "no old version is left in the memory");

        async Task AskAllAsync()
        {
            while (!Volatile.Read(ref isReplaced))
            {
                var number = Interlocked.Increment(ref next);
                var isStream = number % 3 == 0;
                using var response = await stage.SendAsync(FakeStage.Chat($"number {number}.", isStream ? "\"stream\":true," : ""));
                var text = await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit);
                var sent = stage.Backend.Requests.Last(r => r.Text.Contains($"number {number}.", StringComparison.Ordinal)).Text;
                var (before, behind) = (In().Match(sent), Out().Match(text));
                if (response.StatusCode != HttpStatusCode.OK || !before.Success || !behind.Success
                    || before.Groups[1].Value != behind.Groups[1].Value)
                    wrong.Enqueue($"{number}: {(int)response.StatusCode}, {before} {behind}");
                else
                    Interlocked.Increment(ref generations[before.Groups[1].ValueSpan[0] - '0']);
            }
        }

        async Task SwapAllAsync()
        {
            try
            {
                await SwapTenTimesAsync();
            }
            finally
            {
                Volatile.Write(ref isReplaced, true);
            }
        }

        async Task SwapTenTimesAsync()
        {
            for (var swap = 1; swap <= Swaps; swap++)
            {
                // Each version has answered some before the next one comes.
                var answered = generations[1] + generations[2];
                await Eventually.TrueAsync(
                    () => generations[1] + generations[2] >= answered + 40 || !wrong.IsEmpty, FakeStage.Limit, "requests are answered");
                var version = (swap % 2) + 1;
                var project = $"tests/Fixtures/Bioproxy.Fixtures.Versioned{version}";
                switch (swap % 3)
                {
                    case 0:
                        _plugins.Swap(project, Versioned);
                        break;
                    case 1:
                        _plugins.Copy(project, Versioned, between: () => SpinWait.SpinUntil(() => false, 50)); // as from a slow disk
                        break;
                    default:
                        _plugins.Remove(Versioned);
                        _plugins.Copy(project, Versioned);
                        break;
                }

                await WaitForAsync(stage, $"{version}.0.0");
            }
        }
    }

    public void Dispose() => _plugins.Dispose();

    [GeneratedRegex(@"\[in v(\d)\]")]
    private static partial Regex In();

    [GeneratedRegex(@"\[out v(\d)\]")]
    private static partial Regex Out();

    private static async Task<JsonNode?> PluginAsync(FakeStage stage) =>
        (await stage.StatusAsync())["plugins"]!.AsArray().FirstOrDefault(p => (string)p!["name"]! == Versioned);

    private static async Task<IEnumerable<string>> StatesAsync(FakeStage stage, string name = Versioned) =>
        (await stage.StatusAsync())["plugins"]!.AsArray().Where(p => (string)p!["name"]! == name).Select(p => (string)p!["state"]!);

    private static Task WaitForAsync(FakeStage stage, string version) =>
        Eventually.TrueAsync(async () => await PluginAsync(stage) is { } plugin && (string?)plugin["version"] == version
            && (string?)plugin["state"] == "active", FakeStage.Limit, $"version {version} is in use");

    /// <summary>The prompt that reached the backend, and whether the answer was signed by the same version.</summary>
    private static async Task<(string Prompt, bool IsSigned)> SeenAsync(FakeStage stage)
    {
        var (text, _) = await stage.AskAsync(FakeStage.Chat("hello"));
        var prompt = (string)stage.Chats[^1].Json["messages"]![0]!["content"]!;
        return (prompt, Out().Match(text) is { Success: true } signature && prompt.EndsWith(
            $"[in v{signature.Groups[1].Value}]", StringComparison.Ordinal));
    }

    private static async Task<JsonNode> ReloadAsync(FakeStage stage)
    {
        using var response = await stage.Admin.PostAsync(new Uri("/plugins/reload", UriKind.Relative), new StringContent(
            "", System.Text.Encoding.UTF8, "application/json")).WaitAsync(FakeStage.Limit);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    private ProxyOptions WithPlugins(ProxyOptions options, double seconds) =>
        options with
        {
            PluginDirectories = [.. options.PluginDirectories, _plugins.Root],
            PluginCheckInterval = TimeSpan.FromSeconds(seconds),
        };
}
