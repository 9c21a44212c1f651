using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace Bioproxy.Host.Telemetry;

internal static class OtlpLogExtensions
{
    /// <summary>Pushes what is logged, too: the same lines with the same values. A line that is written while a request is served has the
    /// ids of its trace.</summary>
    public static ILoggingBuilder AddOtlpLog(this ILoggingBuilder builder, Uri endpoint) => builder.AddOpenTelemetry(options =>
    {
        var resource = ResourceBuilder.CreateDefault();
        Otlp.Describe(resource);
        options.SetResourceBuilder(resource);
        options.IncludeFormattedMessage = true;
        options.AddOtlpExporter(exporter => Otlp.SetUp(exporter, endpoint, Otlp.Logs));
    });
}
