using System.Text.RegularExpressions;
using Bioproxy.Host.Dashboard.History;
using Bioproxy.Host.Requests;
using Xunit.Abstractions;

namespace Bioproxy.DashboardTests;

/// <summary>What was saved, and that it survives a restart.</summary>
[Collection(WithBrowser.Name)]
public sealed partial class SavingsTests(Chromium chromium, ITestOutputHelper output)
{
    [BrowserFact]
    public async Task Savings_AfterARestart_AreStillThere()
    {
        await using var stage = await Stage.OpenAsync(output);
        for (var i = 0; i < 6; i++)
            await stage.StreamAsync($"@code What is {i}?", 8, CancellationToken.None);
        await stage.StreamAsync("@review What is this?", 8, CancellationToken.None);
        await stage.RestartProxyAsync(() =>
        {
            AddDay(stage.HistoryFile);
            return Task.CompletedTask;
        });
        await using var opened = await DashboardPage.OpenAsync(chromium, stage.Address, "savings", height: 960);
        var page = opened.Page;

        await opened.SeesAsync("@code");
        await opened.SeesAsync(".stat", SomethingSaved());
        await Pictures.TakeAsync(page, "savings");
        foreach (var window in new[] { "Last hour", "All", "Last day" })
        {
            await opened.Button(window).ClickAsync();
            await page.Locator($"button[aria-pressed=true]:has-text('{window}')").WaitForAsync();
            await opened.SeesAsync("By template");
        }

        await opened.ShowAsync("requests");
        await opened.SeesAsync("@review");
        opened.Expected.Add("404");
        await page.Locator("tbody a").First.ClickAsync();
        await opened.SeesAsync("earlier run of the proxy");
    }

    /// <summary>Requests of the last day, as a proxy that ran for so long would have recorded them.</summary>
    private static void AddDay(string path)
    {
        var random = new Random(1);
        var now = TimeProvider.System.GetUtcNow();
        var requests = Enumerable.Range(0, 700).Select(_ =>
        {
            var at = now.AddHours(-24 * random.NextDouble());
            var result = random.Next(10) switch { < 5 => "hot", < 6 => "ram", < 9 => "restored", _ => "cold" };
            var prompt = 1500 + random.Next(6000);
            var cached = result == "cold" ? prompt / 20 : prompt - random.Next(400);
            return new RequestRecord
            {
                Id = $"day-{random.Next()}",
                At = at,
                Route = "chat_completions",
                Lane = "interactive",
                Client = random.Next(2) == 0 ? "opencode" : "OpenAI",
                Model = random.Next(3) == 0 ? "gemma" : "qwen",
                Template = random.Next(3) switch { 0 => "@code", 1 => "@review", _ => null },
                Status = 200,
                Result = result,
                IsStream = true,
                CachedTokens = cached,
                ComputedTokens = prompt - cached,
                GeneratedTokens = 200,
                FirstToken = 0.05 + ((prompt - cached) / 350.0) + (0.2 * random.NextDouble()),
                Seconds = 9,
                Saved = cached / 350.0,
            };
        });
        using var file = HistoryFile.Open(path);
        file.Write(db => HistoryRows.Append(db, requests.Where(one => one.At.Hour is > 6 and < 22).OrderBy(one => one.At)));
    }

    [GeneratedRegex(@"Prefill saved, all(?!0 s)[\d.]+ ")]
    private static partial Regex SomethingSaved();
}
