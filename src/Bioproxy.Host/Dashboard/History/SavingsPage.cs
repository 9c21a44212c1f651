using System.Text.Json;
using Bioproxy.Host.Admin;

namespace Bioproxy.Host.Dashboard.History;

/// <summary>What was saved, as JSON.</summary>
internal static class SavingsPage
{
    public static void Write(Utf8JsonWriter writer, SavingsReport report)
    {
        writer.WriteString("window", report.Window.Name);
        writer.WriteTimeOrNull("since", report.Since);
        writer.WriteStartObject("saved");
        foreach (var (window, seconds) in report.Saved)
            writer.WriteNumber(window, Math.Round(seconds, 2));
        writer.WriteEndObject();
        writer.WriteStartObject("total");
        Write(writer, report.Total);
        writer.WriteEndObject();
        writer.WriteObjects("results", report.Results, group => Write(writer, group));
        writer.WriteObjects("models", report.Models, group => Write(writer, group));
        writer.WriteObjects("templates", report.Templates, group => Write(writer, group));
        writer.WriteNumber("column_seconds", report.ColumnSeconds);
        writer.WriteObjects("columns", report.Columns, column =>
        {
            writer.WriteString("at", column.At);
            Write(writer, column.Sum);
        });
    }

    private static void Write(Utf8JsonWriter writer, SavingsGroup group)
    {
        writer.WriteString("name", group.Name);
        Write(writer, group.Sum);
        writer.WriteStartObject("first_token");
        writer.WriteNumber("count", group.FirstTokens.Count);
        writer.WriteSecondsOrNull("p50", group.FirstTokens.Median);
        writer.WriteSecondsOrNull("p90", group.FirstTokens.Ninety);
        writer.WriteSecondsOrNull("p99", group.FirstTokens.NinetyNine);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, SavingsSum sum)
    {
        writer.WriteNumber("requests", sum.Requests);
        writer.WriteNumber("cached_tokens", sum.Cached);
        writer.WriteNumber("computed_tokens", sum.Computed);
        writer.WriteNumber("generated_tokens", sum.Generated);
        writer.WriteNumber("saved_seconds", Math.Round(sum.Saved, 2));
    }
}
