using System.Diagnostics;
using System.Net;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Plugins dropped into a configured folder: a bad one fails its own requests and nothing else.</summary>
public sealed class FakePluginTests(ITestOutputHelper output) : IDisposable
{
    private readonly PluginFolder _folder = new();

    [Fact]
    public async Task Transform_Throws_RequestFailsWithItsName()
    {
        Drop("Throwing");
        await using var stage = await FakeStage.StartAsync(output, change: WithPlugins);

        using var response = await stage.SendAsync(FakeStage.Chat("hello"));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        await FakeResponseBytesTests.AssertOwnErrorAsync(
            response, "plugin_failed", "server_error", "Bioproxy.Fixtures.Throwing", "this plugin always fails");
        Assert.Empty(stage.Chats);
        await AssertOthersGoOnAsync(stage, "Bioproxy.Fixtures.Throwing", "exception");
    }

    [Fact]
    public async Task Transform_Hangs_RequestFailsWithinTheBudget()
    {
        Drop("Hanging");
        await using var stage = await FakeStage.StartAsync(
            output, change: o => WithPlugins(o) with { PluginTimeBudget = TimeSpan.FromMilliseconds(200) });
        var watch = Stopwatch.StartNew();

        using var response = await stage.SendAsync(FakeStage.Chat("hello"));

        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        await FakeResponseBytesTests.AssertOwnErrorAsync(
            response, "plugin_timed_out", "server_error", "Bioproxy.Fixtures.Hanging", "plugin_time_budget_ms");
        Assert.Empty(stage.Chats);
        await AssertOthersGoOnAsync(stage, "Bioproxy.Fixtures.Hanging", "timeout");
    }

    [Fact]
    public async Task Transform_ChoosesTheLane_RequestWaitsThere()
    {
        Drop("Good");
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 }, WithPlugins);
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("HOLDER", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        var later = stage.AskAsync(FakeStage.Chat("[later] there is time"));
        await stage.WaitForQueueAsync(q => q is { BatchWaiting: 1, InteractiveWaiting: 0 }, "it waits in the batch lane");
        gate.Release();
        await Task.WhenAll(holder, later).WaitAsync(FakeStage.Limit);
    }

    /// <summary>A plugin that cannot be created does not stop the proxy from serving.</summary>
    [Fact]
    public async Task Plugin_CannotBeMade_RequestsPassWithoutIt()
    {
        Drop("ThrowingConstructor");
        Drop("NothingExported");
        File.WriteAllText(Path.Combine(_folder.Root, "Broken.dll"), "this is no assembly");
        await using var stage = await FakeStage.StartAsync(output, change: WithPlugins);

        await stage.AskAsync(FakeStage.Chat("hello"));

        var plugins = (await stage.StatusAsync())["plugins"]!.AsArray();
        Assert.Contains(plugins, p => ((string)p!["name"]!).EndsWith("ThrowingConstructor", StringComparison.Ordinal)
            && ((string?)p["problem"])?.Contains("no licence found", StringComparison.Ordinal) == true);
        Assert.Contains(plugins, p => (string)p!["name"]! == "Broken" && (string)p["state"]! != "active");
        Assert.Contains(plugins, p => (string)p!["name"]! == "Bioproxy.PrefixExpander" && (string)p["state"]! == "active");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Paths without a prompt bypass plugins; every lease is returned; the failure is counted and shown.</summary>
    private static async Task AssertOthersGoOnAsync(FakeStage stage, string plugin, string type)
    {
        using var models = await stage.Client.GetAsync(new Uri("/v1/models", UriKind.Relative)).WaitAsync(FakeStage.Limit);
        Assert.Equal(HttpStatusCode.OK, models.StatusCode);
        await stage.WaitUntilIdleAsync();
        var metrics = (await stage.MetricsAsync()).Split('\n');
        Assert.Contains(metrics, l => l.StartsWith("bioproxy_plugin", StringComparison.Ordinal)
            && l.Contains(plugin, StringComparison.Ordinal) && l.Contains(type, StringComparison.Ordinal)
                && l.EndsWith(" 1", StringComparison.Ordinal));
        Assert.Contains(metrics, l => l.StartsWith(
            "bioproxy_requests_total{endpoint=\"chat_completions\",status=\"500\"} 1", StringComparison.Ordinal));
        Assert.Contains(
            (await stage.StatusAsync())["plugins"]!.AsArray(), p => (string)p!["name"]! == plugin && p["last_error"] is not null);
    }

    private ProxyOptions WithPlugins(ProxyOptions options) => options with
    {
        PluginDirectories = [.. options.PluginDirectories, _folder.Root],
    };

    private void Drop(string fixture) => _folder.Fixture(fixture);
}
