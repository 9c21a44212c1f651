using System.Text;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Telemetry;

internal static class MetricsExporterExtensions
{
    /// <summary>What a scrape returns; writing to memory ends at once.</summary>
    public static string Page(this MetricsExporter exporter)
    {
        using var page = new MemoryStream();
        var scrape = exporter.ScrapeAsync(page, CancellationToken.None);
        Assert.True(scrape.IsCompletedSuccessfully);
        return Encoding.UTF8.GetString(page.ToArray());
    }
}
