using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Requests;

namespace Bioproxy.Host.Dashboard;

/// <summary>The requests that are being served: who waits for what since when, how far a prompt is computed, how fast an answer
/// comes.</summary>
internal sealed class RunningRequests(RequestJournal journal, TimeProvider time)
{
    /// <summary>A page with more rows is of no use to anybody.</summary>
    private const int Most = 200;

    public void Write(Utf8JsonWriter writer)
    {
        var all = journal.Active;
        writer.WriteNumber("running", all.Count);
        if (all.Count > 0)
            writer.WriteString("now", time.GetUtcNow());
        writer.WriteObjects("requests", all.Take(Most), active => Write(writer, active.Exchange));
    }

    private void Write(Utf8JsonWriter writer, Exchange exchange)
    {
        var (progress, now) = (exchange.Progress, time.GetUtcNow());
        writer.WriteString("id", exchange.Id);
        writer.WriteString("route", exchange.Route.Name);
        writer.WriteString("lane", exchange.LaneName);
        writer.WriteString("client", progress.Client);
        writer.WriteString("template", progress.Trigger);
        writer.WriteString("backend", progress.Model?.Backend.Name);
        writer.WriteString("model", progress.Model?.Name);
        writer.WriteString("stage", AdminJson.Name(progress.Stage));
        writer.WriteString("began", now - time.GetElapsedTime(exchange.Started));
        writer.WriteString("stage_began", now - time.GetElapsedTime(progress.StageBegan));
        writer.WriteNumberOrNull("slot", progress.Placement?.Slot);
        writer.WriteString("result", progress.CacheResult);
        writer.WriteNumberOrNull("prompt_tokens", progress.PromptTokens);
        writer.WriteNumberOrNull("cached_tokens", progress.CachedTokens);
        writer.WriteBoolean("cancelled", progress.IsCancelled);
        if (progress is { Stage: RequestStage.Prefill, Answer.Gate: { } gate })
            writer.WriteNumber("computed", Math.Round(gate.Coverage, 3));
        if (progress is not { Stage: RequestStage.Generating, IsStream: true })
            return;
        var seconds = time.GetElapsedTime(progress.FirstByte).TotalSeconds;
        writer.WriteNumber("tokens", progress.Events);
        writer.WriteNumber("tokens_per_second", Math.Round(progress.Events / Math.Max(0.2, seconds), 1));
    }
}
