using Bioproxy.Doubles;
using Microsoft.Playwright;

namespace Bioproxy.DashboardTests;

/// <summary>The screenshots that tests leave: below <c>artifacts/</c>, and where BIOPROXY_PICTURES says, for the documentation.</summary>
internal static class Pictures
{
    private static readonly string?[] Folders =
        [Path.Combine(RepositoryFolder.Root!, "artifacts", "dashboard"), Environment.GetEnvironmentVariable("BIOPROXY_PICTURES")];

    public static async Task TakeAsync(IPage page, string name)
    {
        await page.EvaluateAsync("document.fonts.ready");
        var picture = await page.ScreenshotAsync(new() { Animations = ScreenshotAnimations.Disabled });
        foreach (var folder in Folders.Where(static folder => !string.IsNullOrEmpty(folder)))
        {
            Directory.CreateDirectory(folder!);
            await File.WriteAllBytesAsync(Path.Combine(folder!, name + ".png"), picture);
        }
    }
}
