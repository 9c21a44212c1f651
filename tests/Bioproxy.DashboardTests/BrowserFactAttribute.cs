namespace Bioproxy.DashboardTests;

/// <summary>A test in a real browser; skipped where there is none.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (Chromium.Program is null)
            Skip = "There is no Chromium (remedy: apt-get install chromium, or set BIOPROXY_CHROMIUM to a browser's path).";
    }
}
