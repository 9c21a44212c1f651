using System.Text.Json;
using Bioproxy.Cluster;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Dashboard.History;
using Bioproxy.Host.Models;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.Dashboard;

/// <summary>What the page shows of the proxy itself.</summary>
internal sealed class LiveFacts(
    LiveOptions options, Uptime uptime, RequestJournal journal, RequestHistory history, ProxyCluster? cluster = null)
{
    /// <summary>Tells a page that the proxy was restarted.</summary>
    private readonly string _run = Guid.NewGuid().ToString("n")[..8];

    public ProxyOptions Options => options.Current;

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("run", _run);
        writer.WriteString("version", ProductVersion.Text);
        writer.WriteString("started", uptime.Started);
        writer.WriteNumber("journal", journal.Version);
        writer.WriteBoolean("excerpts", Options.ExplainExcerpts);
        writer.WriteStartObject("history");
        writer.WriteBoolean("lasts", history.Lasts);
        writer.WriteString("problem", history.Problem);
        writer.WriteEndObject();
        if (cluster is not null)
            WriteCluster(writer, cluster.Name, cluster.Cluster);
    }

    private static void WriteCluster(Utf8JsonWriter writer, string name, ICluster proxies)
    {
        writer.WriteStartObject("cluster");
        writer.WriteString("name", name);
        writer.WriteString("proxy", proxies.Name);
        writer.WriteStrings("proxies", proxies.Proxies);
        writer.WriteEndObject();
    }
}
