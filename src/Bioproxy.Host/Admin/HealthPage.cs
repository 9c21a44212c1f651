using System.Text.Json;
using Bioproxy.Host.Models;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary><c>/health</c>: short, for probes and for a first glance.</summary>
internal sealed class HealthPage(IProxyState state, Uptime uptime)
{
    public HealthReport Read() => HealthReport.Of(state);

    public void Write(Utf8JsonWriter writer, HealthReport report)
    {
        var backend = report.Backend;
        writer.WriteString("status", AdminJson.Name(report.Status));
        writer.WriteString("version", ProductVersion.Text);
        writer.WriteSeconds("uptime_seconds", uptime.Elapsed);
        writer.WriteStartObject("backend");
        writer.WriteString("url", backend.Url.OriginalString);
        writer.WriteString("status", AdminJson.Name(backend.Status));
        writer.WriteString("model", backend.Model?.Name);
        writer.WriteNumberOrNull("slots", backend.Model?.Slots);
        writer.WriteString("missing", backend.Model?.Missing);
        writer.WriteEndObject();
        writer.WriteObjects("templates", report.WarmUps, template =>
        {
            writer.WriteString("prefix", template.Trigger);
            writer.WriteBoolean("warm", template.State == WarmUpState.Warm);
            writer.WriteString("state", AdminJson.Name(template.State));
        });
        writer.WriteStrings("problems", report.Problems);
    }
}
