using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Bioproxy.DashboardTests;

/// <summary>A page of the dashboard. On disposal it must not have logged an error, asked another host, or violated its policy.</summary>
internal sealed class DashboardPage : IAsyncDisposable
{
    public const int Desktop = 1280;
    public const int Phone = 390;

    private readonly IBrowserContext _context;
    private readonly Uri _address;
    private readonly List<string> _errors = [];

    private DashboardPage(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page, _address) = (context, page, address);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !IsExpected(message.Text))
                _errors.Add($"console: {message.Text}");
        };
        page.PageError += (_, error) => _errors.Add($"script: {error}");
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is var url && url.Authority != address.Authority)
                _errors.Add($"asked another host: {url}");
        };
    }

    public IPage Page { get; }

    /// <summary>Failures that the test makes on purpose: parts of their texts.</summary>
    public List<string> Expected { get; } = [];

    public static async Task<DashboardPage> OpenAsync(
        Chromium chromium, Uri address, string view, int width = Desktop, int height = 860, ColorScheme colours = ColorScheme.Light)
    {
        var context = await chromium.Browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = colours,
            Locale = "en-GB",
        });
        context.SetDefaultTimeout(20_000);
        var opened = new DashboardPage(context, await context.NewPageAsync(), address);
        await opened.ShowAsync(view);
        return opened;
    }

    public async Task ShowAsync(string view)
    {
        await Page.GotoAsync(new Uri(_address, $"/#{view}").ToString());
        await Page.Locator($".view.{view.Split('/')[0]}").WaitForAsync();
    }

    /// <summary>
    /// Follows a link of the navigation and waits for the view that it leads to: views have buttons of the same names.
    /// </summary>
    public async Task FollowAsync(string link, string view)
    {
        await Page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync();
        await Page.Locator($".view.{view}").WaitForAsync();
    }

    /// <summary>Waits until the page shows this text somewhere.</summary>
    public Task SeesAsync(string text) => Page.GetByText(text).First.WaitForAsync();

    /// <summary>Waits until an element has a text.</summary>
    public Task SeesAsync(string selector, Regex text) =>
        Page.Locator(selector).Filter(new() { HasTextRegex = text }).First.WaitForAsync();

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name });

    /// <summary>Runs axe-core; nothing serious or critical may be found.</summary>
    public async Task IsAccessibleAsync(string what)
    {
        var found = await Page.RunAxe();
        var serious = found.Violations.Where(violation => violation.Impact is "serious" or "critical").Select(violation =>
            $"{what}: {violation.Id} ({violation.Impact}): {violation.Help}: "
            + string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html)));
        Assert.Empty(serious);
    }

    /// <summary>The page is not wider than the window.</summary>
    public async Task FitsAsync(string what)
    {
        var over = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(over <= 0, $"{what} is {over} pixels too wide");
    }

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        Assert.Empty(_errors);
    }

    private bool IsExpected(string text) => Expected.Exists(part => text.Contains(part, StringComparison.Ordinal));
}
