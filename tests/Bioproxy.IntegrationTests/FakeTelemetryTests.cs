using System.Diagnostics;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Traces, metrics and logs at a collector, and the metrics of backends on the proxy's own page.</summary>
public sealed class FakeTelemetryTests(ITestOutputHelper output)
{
    private const string ClientsTrace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task Collector_AfterAChat_HasAllThreeSignalsAndTheTraceThatTheBackendGot()
    {
        await using var collector = OtlpReceiver.Start();
        string? sentOn;
        await using (var stage = await FakeStage.StartAsync(output, change: o => o with { OtlpEndpoint = collector.Endpoint }))
        {
            using var request = FakeStage.Post(FakeStage.Chat("PROMPT-MARK", "\"stream\":true,"));
            request.RequestUri = new Uri(stage.App.ProxyAddress, request.RequestUri!);
            request.Headers.Add("traceparent", $"00-{ClientsTrace}-b7ad6b7169203331-01");
            request.Headers.Add("X-Anything", "HEADER-MARK");
            request.Headers.Add("Authorization", "Bearer KEY-MARK");
            using var response = await stage.Client.SendAsync(request).DefaultTimeout();
            await response.Content.ReadAsStringAsync().DefaultTimeout();
            await stage.WaitUntilIdleAsync();
            sentOn = Assert.Single(stage.Chats).Header("traceparent");
        } // what is pending is pushed at the end

        Assert.StartsWith($"00-{ClientsTrace}-", sentOn, StringComparison.Ordinal);
        Assert.EndsWith("-01", sentOn, StringComparison.Ordinal);
        Assert.True(collector.Has("traces", Convert.FromHexString(ClientsTrace)));
        Assert.True(collector.Has("traces", Convert.FromHexString(sentOn!.Split('-')[2])), "the backend's parent was pushed");
        string[] names =
            ["chat m", "read", "transform", "route", "queue", "place", "prefill", "stream", "settle", "gen_ai.usage.input_tokens"];
        Assert.All(names, name => Assert.True(collector.Has("traces", name), name));
        Assert.True(collector.Has("metrics", "bioproxy_requests_total"));
        Assert.True(collector.Has("logs", "prompt tokens reused"));
        Assert.True(collector.Has("logs", Convert.FromHexString(ClientsTrace)), "log lines of the request have its trace");
        foreach (var signal in (string[])["traces", "metrics", "logs"])
        {
            Assert.True(collector.Has(signal, "service.name"), signal);
            Assert.False(collector.Has(signal, "-MARK"), signal);
        }
    }

    [Fact]
    public async Task Collector_ThatIsNotThere_CostsNoRequest()
    {
        await using var stage = await FakeStage.StartAsync(
            output, change: static options => options with { OtlpEndpoint = new Uri("http://127.0.0.1:1/otlp"), OtlpSampling = 0.5 });

        for (var i = 0; i < 20; i++)
            await stage.AskAsync(FakeStage.Chat($"question {i}"));

        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task SavedPrefill_PromptIsReused_IsCounted()
    {
        const string Saved = "bioproxy_saved_prefill_seconds_total{result=\"hot\"} ";
        await using var stage = await FakeStage.StartAsync(output);
        var chat = FakeStage.Chat(string.Concat(Enumerable.Range(0, 200).Select(static i => $"Rule {i}: be kind. ")));
        await stage.AskAsync(chat);
        await stage.WaitUntilIdleAsync();
        Assert.DoesNotContain(Saved, await stage.MetricsAsync(), StringComparison.Ordinal);

        await stage.AskAsync(chat);
        await stage.WaitUntilIdleAsync();

        Assert.Contains(Saved, await stage.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BackendsMetrics_AreOnTheProxysPage()
    {
        await using var stage = await FakeStage.StartAsync(
            output,
            new FakeBackendOptions
            {
                Metrics = "# TYPE llamacpp:prompt_tokens_total counter\nllamacpp:prompt_tokens_total 7\nbioproxy_slots 99\n",
            },
            static options => options with { BackendMetricsInterval = TimeSpan.FromMilliseconds(100) });
        var page = "";

        await Eventually.TrueAsync(
            async () => (page = await stage.MetricsAsync()).Contains("llamacpp", StringComparison.Ordinal),
            FakeStage.Limit,
            "the backend's metrics are there");

        Assert.Contains(
            "# TYPE llamacpp:prompt_tokens_total counter\nllamacpp:prompt_tokens_total{backend=\"default\",model=\"fake-model\"} 7\n",
            page,
            StringComparison.Ordinal);
        Assert.DoesNotContain(" 99\n", page, StringComparison.Ordinal);
        Assert.Null(Activity.Current);
    }
}
