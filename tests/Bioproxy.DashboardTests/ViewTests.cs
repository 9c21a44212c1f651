using System.Globalization;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Bioproxy.IntegrationTests;
using Microsoft.Playwright;

namespace Bioproxy.DashboardTests;

/// <summary>The other views, over one proxy that has served a thousand requests.</summary>
[Collection(WithBrowser.Name)]
public sealed partial class ViewTests(Chromium chromium, SharedStage shared) : IClassFixture<SharedStage>
{
    private readonly Stage _stage = shared.Stage;

    private static readonly string[] Views = ["live", "savings", "requests", "cache", "try", "connect"];

    [BrowserFact]
    public async Task Requests_AThousand_AreListedFilteredAndExplained()
    {
        await AskManyAsync(_stage, 1000);
        for (var i = 0; i < 12; i++)
            await _stage.StreamAsync(i % 3 == 0 ? $"@review Is {i} right?" : $"What of {i}?", 8, CancellationToken.None, "claude-cli/2.0");
        await _stage.AskAsync("@code How do I reverse a string?", 8);
        await _stage.StreamAsync("@review And this one?", 8, CancellationToken.None, "opencode/1.2");
        await using var opened = await DashboardPage.OpenAsync(chromium, _stage.Address, "requests");
        var page = opened.Page;

        await opened.SeesAsync("1,000 requests");
        Assert.Equal(1000, await page.Locator("tbody tr").CountAsync());
        await page.GetByLabel("Client").SelectOptionAsync("opencode");
        await opened.SeesAsync("1 of 1,000 requests");
        await page.GetByLabel("Client").SelectOptionAsync("");
        await page.GetByPlaceholder("id, template").FillAsync("@code");
        await opened.SeesAsync("1 of 1,000 requests");
        await page.GetByPlaceholder("id, template").FillAsync("");
        await page.Locator("tbody tr", new() { HasTextString = "@code" }).First.GetByRole(AriaRole.Link).ClickAsync();
        await opened.SeesAsync("Expected and measured");
        await opened.SeesAsync("Compared");
        await Pictures.TakeAsync(page, "requests");
        await opened.Button("Close").ClickAsync();

        // A newer request appears by itself.
        await _stage.StreamAsync("One more.", 2, CancellationToken.None, "late-client/1");
        await page.Locator("td", new() { HasTextString = "late-client" }).WaitForAsync();
        await page.GetByLabel("Model").SelectOptionAsync("tiny");
        await page.GetByLabel("Result").SelectOptionAsync(new SelectOptionValue { Index = 1 });
    }

    [BrowserFact]
    public async Task Cache_Actions_DoWhatTheySay()
    {
        await _stage.Proxy.SendAsync(
            Stage.Chat(8, ("user", "Tell me of " + TemplateText.Words(7, 900))), CancellationToken.None);
        await _stage.Proxy.WaitUntilAllSavedAsync();
        await Eventually.TrueAsync(
            () => _stage.Proxy.App.Snapshots.All.Any(one => one.IsConversation), TimeSpan.FromSeconds(40), "a conversation is saved");
        await using var opened = await DashboardPage.OpenAsync(chromium, _stage.Address, "cache");
        var page = opened.Page;
        var first = page.Locator("tr", new() { HasTextString = "conversation" }).First.Locator("td.mono").First;
        var file = (await first.TextContentAsync())!;
        var conversation = page.Locator("tr", new() { HasTextString = file });

        await conversation.GetByRole(AriaRole.Button, new() { Name = "Pin" }).ClickAsync();
        await opened.SeesAsync("is pinned");
        await conversation.GetByText("pinned", new() { Exact = true }).WaitForAsync();
        await Pictures.TakeAsync(page, "cache");
        await conversation.GetByRole(AriaRole.Button, new() { Name = "Unpin" }).ClickAsync();
        await opened.SeesAsync("no longer pinned");
        await conversation.GetByRole(AriaRole.Button, new() { Name = "Drop" }).ClickAsync();
        await conversation.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Assert.DoesNotContain(_stage.Proxy.App.Snapshots.All, one => one.File == file);

        // A template whose snapshot is dropped is warmed again.
        var version = _stage.Proxy.Template("@review").WarmedAt;
        await page.Locator("tr", new() { HasTextString = "@review" })
            .GetByRole(AriaRole.Button, new() { NameRegex = DropName() }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = WarmReview() }).ClickAsync();
        await opened.SeesAsync("@review is being checked");
        await Eventually.TrueAsync(
            () => _stage.Proxy.Template("@review").WarmedAt != version, TimeSpan.FromSeconds(30), "@review is warm again");
        await opened.Button("Reload").ClickAsync();
        await opened.SeesAsync("0 loaded, 0 replaced, 0 removed, 0 failed");
        await opened.Button("Clean up").ClickAsync();
        await opened.SeesAsync("0 snapshots were removed");
    }

    [BrowserFact]
    public async Task TryIt_TwoTurns_ShowWhatTheCacheDid()
    {
        await using var opened = await DashboardPage.OpenAsync(chromium, _stage.Address, "try");
        var page = opened.Page;
        await page.GetByLabel("Model").SelectOptionAsync("tiny");
        await page.GetByLabel("Tokens").FillAsync("24");

        await page.GetByLabel("Message").FillAsync("@code How do I reverse a string?");
        await page.Keyboard.PressAsync("Enter");
        await opened.SeesAsync(".figures", Reused());
        await page.GetByLabel("Message").FillAsync("And a list?");
        await opened.Button("Send").ClickAsync();
        await page.Locator(".figures").Nth(1).WaitForAsync();
        await Pictures.TakeAsync(page, "try-it");

        Assert.Contains("hot", await page.Locator(".figures").Nth(1).TextContentAsync(), StringComparison.Ordinal);
        await page.Locator(".figures a").First.ClickAsync();
        await opened.SeesAsync("Expected and measured");
    }

    [BrowserFact]
    public async Task Connect_EachClient_HasTheAddressOfTheProxy()
    {
        await using var opened = await DashboardPage.OpenAsync(chromium, _stage.Address, "connect");
        var page = opened.Page;
        await page.GetByLabel("Model").SelectOptionAsync("tiny");
        var address = _stage.Proxy.App.ProxyAddress.GetLeftPart(UriPartial.Authority);

        var clients = page.Locator(".choices button");
        var count = await clients.CountAsync();
        Assert.True(count >= 12, $"{count} clients");
        for (var i = 0; i < count; i++)
        {
            await clients.Nth(i).ClickAsync();
            await page.Locator(".choices button[aria-pressed=true]").WaitForAsync();
            Assert.Contains(address, await page.Locator("pre").TextContentAsync(), StringComparison.Ordinal);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "OpenAI SDK, Python" }).ClickAsync();
        await Pictures.TakeAsync(page, "connect");
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await opened.Button("Copy").ClickAsync();
        await opened.SeesAsync("Copied");
        Assert.Contains("base_url", await page.EvaluateAsync<string>("navigator.clipboard.readText()"), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Views_DarkAndLightAndOnAPhone_AreAccessibleAndFit()
    {
        await AskManyAsync(_stage, 12);
        await _stage.StreamAsync("@code How do I reverse a string?", 8, CancellationToken.None);
        foreach (var (colours, width) in new[]
        {
            (ColorScheme.Light, DashboardPage.Desktop), (ColorScheme.Dark, DashboardPage.Desktop), (ColorScheme.Dark, DashboardPage.Phone),
        })
        {
            await using var opened = await DashboardPage.OpenAsync(chromium, _stage.Address, "live", width, 844, colours);
            foreach (var view in Views)
            {
                await opened.ShowAsync(view);
                await opened.Page.WaitForLoadStateAsync(LoadState.DOMContentLoaded);
                await opened.Page.Locator(".card").First.WaitForAsync();
                var what = string.Create(CultureInfo.InvariantCulture, $"{view}-{colours}-{width}");
                await Pictures.TakeAsync(opened.Page, what.ToLowerInvariant());
                await opened.FitsAsync(what);
                if (view == "requests")
                    await opened.Page.GetByPlaceholder("id, template").FillAsync("@code"); // axe looks at every row
                if (width == DashboardPage.Desktop)
                    await opened.IsAccessibleAsync(what); // the elements are the same on a phone
            }
        }
    }

    [BrowserFact]
    public async Task Page_ByKeyboardAndTheme_Works()
    {
        await using var opened = await DashboardPage.OpenAsync(chromium, _stage.Address, "live");
        var page = opened.Page;

        await page.Keyboard.PressAsync("Tab"); // the link past the navigation
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".view.savings").WaitForAsync();

        var theme = page.Locator("#theme");
        await theme.ClickAsync();
        Assert.Equal("light", await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
        await theme.ClickAsync();
        await page.ReloadAsync();
        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
    }

    private static async Task AskManyAsync(Stage stage, int count)
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (index, _) => await stage.AskAsync($"Question {index}", 1)).DefaultTimeout();
    }

    [GeneratedRegex(@"[\d,]+ of [\d,]+ prompt tokens reused")]
    private static partial Regex Reused();

    [GeneratedRegex("^Drop ")]
    private static partial Regex DropName();

    [GeneratedRegex("^Warm now: @review")]
    private static partial Regex WarmReview();
}
