namespace Bioproxy.Host.Telemetry;

/// <summary>What the proxy's own process uses, under the names that Prometheus' libraries give these figures.</summary>
internal static class ProcessGauges
{
    /// <param name="metrics">The metrics.</param>
    /// <param name="cpu">Reads the CPU time used so far.</param>
    /// <param name="memory">Reads the bytes in memory.</param>
    public static void Register(ProxyMetrics metrics, Func<TimeSpan> cpu, Func<long> memory)
    {
        metrics.ObserveTotal("process_cpu_seconds_total", "CPU time that the proxy has used, in seconds.", () => cpu().TotalSeconds);
        metrics.Observe("process_resident_memory_bytes", "Memory that the proxy's process occupies.", () => [new(memory())]);
    }
}
