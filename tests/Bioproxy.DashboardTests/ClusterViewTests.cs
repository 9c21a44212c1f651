using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Bioproxy.IntegrationTests;
using Bioproxy.IntegrationTests.Cluster;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace Bioproxy.DashboardTests;

/// <summary>Two proxies before one llama-server: the page of one shows and operates both.</summary>
[Collection(WithBrowser.Name)]
public sealed partial class ClusterViewTests(Chromium chromium, ITestOutputHelper output)
{
    [ClusterFact]
    public async Task Page_OfOneProxy_ShowsAndOperatesTheOtherUntilItIsKilled()
    {
        var tokens = 64; // of the shortest snapshot: another number in each configuration
        await using var group = await ProxyGroup.StartAsync(
            output, proxies: 2, servers: 1, change: configuration => configuration["kv"]!["min_tokens"] = tokens++);
        var number = await group.OwnerOfAsync(group.Servers[0]);
        var (owner, serving) = (group.Proxies[number], group.Proxies[1 - number]);
        var cluster = await ProxyGroup.ReportAsync(serving);
        var own = NameOf(cluster);
        var other = cluster["proxies"]!.AsArray().Select(NameOf).Single(name => name != own);
        await using var opened = await DashboardPage.OpenAsync(chromium, serving.Admin.BaseAddress!, "live");
        var page = opened.Page;

        // The server is another proxy's: its page is one click away.
        await opened.SeesAsync($"{other} schedules this server");
        await opened.Button($"Show {other}").ClickAsync();
        await opened.SeesAsync("li.slot", Anything());
        Assert.Equal(other, await page.GetByLabel("Proxy", new() { Exact = true }).InputValueAsync());
        Assert.Contains($"?proxy={Uri.EscapeDataString(other)}#live", page.Url, StringComparison.Ordinal);
        await page.GoBackAsync();
        await opened.SeesAsync($"{other} schedules this server");
        await page.GoForwardAsync();
        await opened.SeesAsync("li.slot", Anything());
        await page.ReloadAsync();
        await opened.SeesAsync("li.slot", Anything());
        var chat = ChatProbe.Chat(("user", TemplateText.Words(seed: 1, length: 400)));
        chat["max_tokens"] = 16;
        await serving.SendAsync(chat);
        await opened.SeesAsync("li.slot", Conversation());
        await opened.IsAccessibleAsync("another proxy");
        await Pictures.TakeAsync(page, "cluster-other");

        // An action is done by the proxy that is shown.
        await opened.FollowAsync("Cache", "cache");
        var row = page.Locator("tr", new() { HasTextString = "conversation" });
        await row.GetByRole(AriaRole.Button, new() { NameRegex = Drop() }).ClickAsync();
        await row.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Assert.True(owner.HasSaid($"An operator at the admin port of proxy {own} asked for /kv/drop here."));
        await opened.FollowAsync("Try it", "try");
        await opened.SeesAsync($"Chats go through {own}");

        await ShowsBothAsync(opened, own, other);
        await opened.FollowAsync("Live", "live");
        await opened.SeesAsync("li.slot", Anything());
        opened.Expected.AddRange(["status of 404", "status of 504"]); // what was asked in the moment of its death
        await owner.KillAsync();

        await opened.SeesAsync(".notice", Gone());
        await opened.IsAccessibleAsync("a proxy that is gone");
        await opened.FollowAsync("Cluster", "cluster");
        await page.Locator("tr", new() { HasTextString = other }).GetByText("gone", new() { Exact = true }).WaitForAsync();
        await page.Locator("tr", new() { HasTextString = group.NameOf(group.Servers[0]) }).GetByText(own).First.WaitForAsync();
        await opened.FollowAsync("Live", "live");
        await opened.Button($"Show {own}").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await opened.SeesAsync("li.slot", Anything());
        Assert.DoesNotContain("proxy=", page.Url, StringComparison.Ordinal);
    }

    /// <summary>The table of the proxies, in all its forms.</summary>
    private static async Task ShowsBothAsync(DashboardPage opened, string own, string other)
    {
        var page = opened.Page;
        await opened.FollowAsync("Cluster", "cluster");
        foreach (var proxy in new[] { own, other })
        {
            await page.GetByRole(AriaRole.Region, new() { Name = "Proxies" }).First
                .Locator("tr", new() { HasTextString = proxy }).First.GetByText("ready").WaitForAsync();
        }

        await page.GetByRole(AriaRole.Region, new() { Name = "Servers" }).First.GetByText(other).First.WaitForAsync();
        await opened.SeesAsync("The proxies have different configurations");
        await opened.SeesAsync("differs");
        await opened.SeesAsync("of prefill saved in the last day");
        foreach (var (colours, width) in new[] { (ColorScheme.Light, DashboardPage.Desktop), (ColorScheme.Dark, DashboardPage.Phone) })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = colours });
            await page.SetViewportSizeAsync(width, 844);
            await Pictures.TakeAsync(page, $"cluster-{colours}-{width}".ToLowerInvariant());
            await opened.FitsAsync($"cluster-{width}");
            await opened.IsAccessibleAsync($"cluster-{colours}");
        }

        await page.SetViewportSizeAsync(DashboardPage.Desktop, 860);
    }

    private static string NameOf(JsonNode? proxy) => (string)proxy!["proxy"]!;

    [GeneratedRegex(".")]
    private static partial Regex Anything();

    [GeneratedRegex("conversation")]
    private static partial Regex Conversation();

    [GeneratedRegex("^Drop ")]
    private static partial Regex Drop();

    [GeneratedRegex("does not answer|is not in the cluster")]
    private static partial Regex Gone();
}
