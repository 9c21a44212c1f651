using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.IntegrationTests;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace Bioproxy.DashboardTests;

/// <summary>Several models, of which the proxy loads and unloads what it is asked for.</summary>
[Collection(WithBrowser.Name)]
public sealed class PoolViewTests(Chromium chromium, ITestOutputHelper output)
{
    [BrowserFact]
    public async Task Model_LoadedAndUnloaded_ShowsIt()
    {
        await using var workspace = new Workspace(output);
        var server = await LlamaServerBinary.RequireAsync();
        var file = TinyModel.Ensure(TinyArchitecture.Llama, seed: 1, TinySize.Tiny);
        var first = FreePort.Next(10);
        await using var proxy = await workspace.StartProxyAsync(new Uri("http://127.0.0.1:9"), options => options with
        {
            Pool = new PoolOptions
            {
                Models =
                [
                    .. new[] { "qwen", "gemma" }.Select(name => new PoolModelOptions(name)
                    {
                        Command =
                        [
                            server, "-m", file, "--port", CommandLineText.Port, "--slot-save-path", CommandLineText.Slots,
                            "-c", "4096", "-np", "2", "-t", "1",
                        ],
                    }),
                ],
                MaxLoaded = 1,
                MinLoaded = TimeSpan.Zero,
                Ports = new PortRange(first, first + 9),
            },
        });
        await using var opened = await DashboardPage.OpenAsync(chromium, proxy.App.AdminAddress, "live");
        var page = opened.Page;
        var qwen = page.GetByRole(AriaRole.Region, new() { Name = "qwen" });

        await qwen.GetByText("unloaded").WaitForAsync();
        await opened.Button("Load qwen").ClickAsync();
        await qwen.GetByText("ready").WaitForAsync();
        await qwen.Locator("li.slot").Nth(1).WaitForAsync();
        await opened.SeesAsync("qwen is ready");
        await Pictures.TakeAsync(page, "pool");
        await opened.Button("Unload qwen").ClickAsync();
        await qwen.GetByText("unloaded").WaitForAsync();
        await opened.SeesAsync("qwen is unloaded");

        await opened.IsAccessibleAsync("live with a pool");
    }
}
