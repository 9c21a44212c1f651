using System.Text.Json;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;

namespace Bioproxy.Host.Admin;

/// <summary>What was computed again though it had been computed before: by client and cause, and the last requests.</summary>
internal static class MissesPage
{
    public static void Write(Utf8JsonWriter writer, MissLog log)
    {
        var (sums, last) = log.Read();
        WriteSum(writer, sums);
        writer.WriteObjects("clients", sums.GroupBy(static sum => (sum.Client, sum.Domain)), client =>
        {
            writer.WriteString("client", client.Key.Client);
            writer.WriteString("key", client.Key.Domain);
            WriteSum(writer, client);
            writer.WriteObjects("causes", client, sum =>
            {
                writer.WriteString("cause", MissCauses.NameOf(sum.Cause));
                writer.WriteString("rule", sum.Rule);
                WriteSum(writer, [sum]);
            });
        });
        writer.WriteObjects("last", last, miss => WriteMiss(writer, miss));
    }

    private static void WriteSum(Utf8JsonWriter writer, IEnumerable<MissSum> sums)
    {
        var all = sums.ToList();
        writer.WriteNumber("misses", all.Sum(static sum => sum.Count));
        writer.WriteNumber("lost_tokens", all.Sum(static sum => sum.Tokens));
        writer.WriteSeconds("lost_seconds", TimeSpan.FromSeconds(all.Sum(static sum => sum.Seconds)));
    }

    private static void WriteMiss(Utf8JsonWriter writer, Miss miss)
    {
        writer.WriteString("request", miss.Id);
        writer.WriteString("at", miss.At);
        writer.WriteString("client", miss.Client);
        writer.WriteString("key", miss.Domain);
        writer.WriteString("conversation", miss.Conversation);
        writer.WriteString("cause", MissCauses.NameOf(miss.Difference.Cause));
        writer.WriteString("rule", miss.Difference.Rule);
        writer.WriteString("where", miss.Difference.Where);
        if (miss.Difference.Line is { } line)
            writer.WriteNumber("line", line);
        if (miss.Difference.Excerpt is { Length: > 0 } excerpt)
            writer.WriteString("excerpt", excerpt);
        if (miss.Difference.Was is { Length: > 0 } was)
            writer.WriteString("was", was);
        writer.WriteNumber("prompt_tokens", miss.PromptTokens);
        writer.WriteNumber("cached_tokens", miss.CachedTokens);
        writer.WriteNumber("lost_tokens", miss.LostTokens);
        writer.WriteSeconds("lost_seconds", TimeSpan.FromSeconds(miss.LostSeconds));
    }
}
