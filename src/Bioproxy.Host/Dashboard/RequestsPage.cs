using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Requests;

namespace Bioproxy.Host.Dashboard;

/// <summary>The last requests as JSON, the newest first.</summary>
internal static class RequestsPage
{
    public static void Write(Utf8JsonWriter writer, RequestJournal journal, long after)
    {
        writer.WriteNumber("version", journal.Version);
        writer.WriteObjects("requests", journal.After(after), record => Write(writer, record));
    }

    private static void Write(Utf8JsonWriter writer, RequestRecord record)
    {
        writer.WriteNumber("number", record.Number);
        writer.WriteString("id", record.Id);
        writer.WriteString("at", record.At);
        writer.WriteString("route", record.Route);
        writer.WriteString("lane", record.Lane);
        writer.WriteString("client", record.Client);
        writer.WriteString("backend", record.Backend);
        writer.WriteString("model", record.Model);
        writer.WriteString("template", record.Template);
        writer.WriteString("conversation", record.Conversation?.ToString());
        writer.WriteNumber("status", record.Status);
        writer.WriteString("error", record.Error);
        writer.WriteString("result", record.Result);
        writer.WriteNumberOrNull("cached_tokens", record.CachedTokens);
        writer.WriteNumberOrNull("computed_tokens", record.ComputedTokens);
        writer.WriteNumberOrNull("generated_tokens", record.GeneratedTokens);
        writer.WriteSeconds("waited", TimeSpan.FromSeconds(record.Waited));
        writer.WriteSecondsOrNull("first_token", record.FirstToken);
        writer.WriteSeconds("seconds", TimeSpan.FromSeconds(record.Seconds));
        writer.WriteSeconds("saved", TimeSpan.FromSeconds(record.Saved));
    }
}
