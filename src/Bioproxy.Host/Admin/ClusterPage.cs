using System.Text.Json;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;

namespace Bioproxy.Host.Admin;

/// <summary><c>/cluster</c>: all proxies and who schedules which server, whichever proxy is asked. With <c>?status=true</c> the whole
/// <c>/status</c> of each.</summary>
internal sealed class ClusterPage(ProxyCluster cluster)
{
    public async Task<ReadOnlyMemory<byte>> ReadAsync(bool withStatus, CancellationToken cancellationToken)
    {
        var reports = await cluster.Cluster.ReportsAsync(withStatus, cancellationToken).ConfigureAwait(false);
        return AdminJson.Document(writer =>
        {
            WriteSummary(writer, cluster);
            var silent = cluster.Cluster.Proxies.Except(reports.Select(static report => report.Proxy), StringComparer.Ordinal);
            writer.WriteStrings("not_reachable", silent);
            writer.WriteStrings("gone", cluster.Cluster.Gone);
            writer.WriteObjects("proxies", [.. reports.OrderBy(static report => report.Proxy, StringComparer.Ordinal)], report =>
            {
                WriteReport(writer, report, cluster.Cluster.Name);
                if (report.Status.Length == 0)
                    return;
                writer.WritePropertyName("report");
                writer.WriteRawValue(report.Status);
            });
        });
    }

    /// <summary>This proxy's view, for <c>/status</c>.</summary>
    public static void WriteSummary(Utf8JsonWriter writer, ProxyCluster cluster)
    {
        writer.WriteString("name", cluster.Name);
        writer.WriteString("proxy", cluster.Cluster.Name);
        writer.WriteString("problem", cluster.Cluster.Problem);
        writer.WriteBoolean("saves", cluster.Cluster.CanSave);
        writer.WriteStrings("problems", cluster.Problems);
        writer.WriteObjects("pools", cluster.OtherPools.All, pool =>
        {
            writer.WriteString("proxy", pool.Proxy);
            writer.WriteString("address", pool.Address.OriginalString);
            writer.WriteObjects("models", pool.Models, model =>
            {
                writer.WriteString("name", model.Name);
                writer.WriteString("state", model.Backend.Loader!.State);
            });
        });
    }

    private static void WriteReport(Utf8JsonWriter writer, ProxyReport report, string asked)
    {
        writer.WriteString("proxy", report.Proxy);
        writer.WriteBoolean("asked", report.Proxy == asked);
        writer.WriteString("version", report.Version);
        writer.WriteString("configuration", report.Configuration);
        writer.WriteTimeOrNull("configured", report.ConfiguredAt == default ? null : report.ConfiguredAt);
        writer.WriteBoolean("draining", report.IsDraining);
        writer.WriteStrings("owns", report.Owns);
        writer.WriteObjects("loads", report.Loads, load =>
        {
            writer.WriteString("server", load.Server);
            writer.WriteNumber("slots", load.Slots);
            writer.WriteNumber("busy", load.Busy);
            writer.WriteNumber("waiting", load.Waiting);
        });
    }
}
