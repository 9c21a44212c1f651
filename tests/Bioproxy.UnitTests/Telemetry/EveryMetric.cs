using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Telemetry;

/// <summary>Records something in every instrument, those of plugins included.</summary>
internal static class EveryMetric
{
    public static void Record(ProxyMetrics metrics)
    {
        metrics.Request("chat", 200, TimeSpan.FromSeconds(1));
        metrics.FirstByte("chat", TimeSpan.FromMilliseconds(20));
        metrics.CacheResult("restored");
        metrics.PromptTokens(cached: 900, computed: 10, "restored");
        metrics.Missed(120, "edited");
        metrics.SavedPrefill(1.25, "restored");
        metrics.ModelLoaded(new ServingPlace("desk", "m"));
        metrics.ModelUnloaded(new ServingPlace("desk", "m"));
        metrics.QueueRejected("full");
        metrics.QueueWaited("interactive", TimeSpan.FromSeconds(2));
        metrics.WarmUpChecked();
        metrics.WarmUpChecked();
        metrics.WarmUpExecuted("@code", TimeSpan.FromSeconds(3));
        metrics.WarmUpFailed("@code", "backend");
        metrics.WarmUpCancelled("@code");
        metrics.Saved("@code", TimeSpan.FromMilliseconds(5));
        metrics.RestoreDone(TimeSpan.FromMilliseconds(4));
        metrics.RestoreJudged("@code", "effective");
        metrics.TemplateFailed("@code");
        metrics.PluginCalled("expander", TimeSpan.FromMicroseconds(50));
        metrics.PluginFailed("expander", "timeout");
        var plugin = new PluginMetrics("expander", metrics);
        plugin.Counter("files", "Files that were read.").Add(3);
        plugin.Histogram("file_bytes", "Size of the files.").Record(0.5);
        var other = new PluginMetrics("rag", metrics);
        other.Counter("files", "Files that were read.").Add(4);
        other.Histogram("file_bytes", "Size of the files.").Record(200);
    }
}
