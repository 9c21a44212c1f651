using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace Bioproxy.DashboardTests;

/// <summary>The view of what happens now.</summary>
[Collection(WithBrowser.Name)]
public sealed partial class LiveTests(Chromium chromium, ITestOutputHelper output)
{
    [BrowserFact]
    public async Task Live_RequestsUnderWay_AreShownAndCanBeCancelled()
    {
        await using var stage = await Stage.OpenAsync(output, TinySize.Large, slots: 4, templateTokens: 640);
        using var end = new CancellationTokenSource();
        await using var opened = await DashboardPage.OpenAsync(chromium, stage.Address, "live");
        var page = opened.Page;
        await opened.SeesAsync("@code");
        await stage.AskAsync("@code How do I reverse a string?");
        await stage.AskAsync("@code And a number?");
        await stage.AskAsync("@review What is wrong here?");
        await opened.SeesAsync("li.slot", Held());
        await opened.SeesAsync(".stat", Reused());

        // Four at work, one of which has a long prompt, and two that wait.
        var streams = new List<Task>
        {
            stage.StreamAsync("@code And a list?", 600, end.Token, "opencode/1.2"),
            stage.StreamAsync("@review And this?", 600, end.Token, "opencode/1.2"),
            stage.StreamAsync("Tell me a story.", 600, end.Token, "continue/1.1"),
        };
        await opened.SeesAsync("td.doing", Generating());
        streams.Add(stage.StreamAsync("A long story. " + new string('x', 3200), 400, end.Token, "claude-cli/2.0"));
        await opened.SeesAsync("li.slot.busy", Prefill());
        streams.Add(stage.StreamAsync("@review Look at this.", 20, end.Token, "OpenAI/Python"));
        streams.Add(stage.StreamAsync("Who waits?", 20, end.Token, "curl/8.5"));
        await opened.SeesAsync(".lane", TwoWait());
        await Pictures.TakeAsync(page, "live");

        await page.Locator("tr", new() { HasTextString = "claude-cli" }).GetByRole(AriaRole.Button).ClickAsync();
        await page.Locator("td", new() { HasTextString = "claude-cli" }).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        var story = page.Locator("tr", new() { HasTextString = "opencode" }).First; // short ones end by themselves
        var name = (await story.GetByRole(AriaRole.Button, new() { NameRegex = CancelName() }).GetAttributeAsync("aria-label"))!;
        var next = page.GetByLabel(name, new() { Exact = true });
        await next.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await next.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await end.CancelAsync();

        await Task.WhenAll(streams).DefaultTimeout();
        await stage.Proxy.WaitUntilIdleAsync();
        await opened.SeesAsync("Nothing is under way.");
        Assert.True(stage.Proxy.Logged("was cancelled by an operator"));
    }

    [BrowserFact]
    public async Task Stream_ProxyRestarted_ComesBack()
    {
        await using var stage = await Stage.OpenAsync(output);
        await using var opened = await DashboardPage.OpenAsync(chromium, stage.Address, "live");
        opened.Expected.Add("net::ERR_");
        await opened.SeesAsync("serving");

        await stage.RestartProxyAsync(() => opened.SeesAsync("no connection to the proxy; trying again"));

        await opened.SeesAsync("serving");
        await stage.Proxy.WaitUntilRecognisedAsync();
        await opened.SeesAsync("li.slot", new Regex("."));
    }

    [BrowserFact]
    public async Task Feed_NoPageIsOpen_WritesNothing()
    {
        await using var stage = await Stage.OpenAsync(output);
        var feed = stage.Proxy.App.Feed;
        Assert.Equal(0, feed.Written);

        await using (var opened = await DashboardPage.OpenAsync(chromium, stage.Address, "live"))
            await opened.SeesAsync("serving");

        await Eventually.TrueAsync(() => !feed.IsRunning, TimeSpan.FromSeconds(20), "the feed stops");
        Assert.NotEqual(0, feed.Written);
    }

    [GeneratedRegex("conversation")]
    private static partial Regex Held();

    [GeneratedRegex("^Cancel ")]
    private static partial Regex CancelName();

    [GeneratedRegex(@"[1-9][\d,]* of [1-9]")]
    private static partial Regex Reused();

    [GeneratedRegex("prefill")]
    private static partial Regex Prefill();

    [GeneratedRegex("2 waiting")]
    private static partial Regex TwoWait();

    [GeneratedRegex(@"generating \d+ tokens/s")]
    private static partial Regex Generating();
}
