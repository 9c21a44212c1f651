using System.Text.Json;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary><c>/health</c>: short, for probes and for the first look of a person.</summary>
internal sealed class HealthView(
    Run run, BackendMonitor monitor, EffectLedger effects, TemplateLibrary library, Func<IReadOnlyList<WarmUpStatus>> warmUps, Func<IReadOnlyList<PluginStatus>> plugins, ProxyOptions options)
{
    public HealthReport Read() => HealthReport.Of(monitor.State, effects.Disabled, library.Statuses, warmUps(), plugins());

    public void Write(Utf8JsonWriter writer, HealthReport report)
    {
        var facts = report.Backend.Facts;
        writer.WriteString("status", AdminJson.Name(report.Status));
        writer.WriteString("version", ProductVersion.Text);
        writer.WriteSeconds("uptime_seconds", run.Uptime);
        writer.WriteStartObject("backend");
        writer.WriteString("url", options.BackendUrl.OriginalString);
        writer.WriteString("status", AdminJson.Name(report.Backend.Status));
        writer.WriteString("model", facts?.ModelAlias ?? facts?.ModelPath);
        writer.WriteNumberOrNull("slots", facts?.TotalSlots);
        writer.WriteString("missing", facts?.Missing);
        writer.WriteEndObject();
        writer.WriteObjects("templates", report.Templates, template =>
        {
            writer.WriteString("prefix", template.Prefix);
            writer.WriteBoolean("warm", template.State == WarmUpState.Warm);
            writer.WriteString("state", AdminJson.Name(template.State));
        });
        writer.WriteStrings("problems", report.Problems);
    }
}
