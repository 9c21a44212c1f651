using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Dashboard;

/// <summary>The state of the proxy as one server-sent event: the models as in <c>/status</c>, and what is under way. Elapsed times are
/// left to the page, so that nothing changes while nothing happens.</summary>
internal sealed class LivePage(
    IProxyState state, WarmUpScheduler warmUps, RunningRequests requests, SnapshotStore snapshots, RecentLog log, LiveFacts facts)
{
    /// <summary>The event.</summary>
    public ReadOnlyMemory<byte> Frame() => LiveFrame.Of("state", Write);

    public void Write(Utf8JsonWriter writer)
    {
        facts.Write(writer);
        writer.WriteStrings("addresses", state.Addresses);
        var health = HealthReport.Of(state);
        writer.WriteString("health", AdminJson.Name(health.Status));
        writer.WriteStrings("problems", health.Problems);
        var files = state.Templates.ToDictionary(file => file.Trigger, StringComparer.Ordinal);
        var served = warmUps.Models.Where(static one => !one.Model.IsServer);
        writer.WriteObjects("models", served, one => WriteModel(writer, one, files));
        requests.Write(writer);
        WriteSnapshots(writer);
        writer.WriteObjects("log", log.Lines, line =>
        {
            writer.WriteString("at", line.At);
            writer.WriteString("level", AdminJson.Name(line.Level));
            writer.WriteString("text", line.Text);
        });
    }

    private static void WriteModel(Utf8JsonWriter writer, ModelWarmUp one, Dictionary<string, TemplateStatus> files)
    {
        StatusPage.WriteServed(writer, new ModelState(one.Model).Summary(one.Statuses), files);
        var rates = one.Model.Context.Rates;
        if (rates.IsMeasured(RateFigure.Prefill))
            writer.WriteNumber("prefill_rate", Math.Round(rates.Now.Prefill));
        if (one.Model.Backend.Loader is not { } loader)
            return;
        writer.WriteStartObject("loader");
        writer.WriteString("state", loader.State);
        writer.WriteBoolean("can_unload", loader.CanUnload);
        writer.WriteString("obstacle", loader.Obstacle);
        writer.WriteEndObject();
    }

    private void WriteSnapshots(Utf8JsonWriter writer)
    {
        var all = snapshots.All;
        writer.WriteStartObject("snapshots");
        writer.WriteNumber("count", all.Count);
        writer.WriteNumber("conversations", all.Count(static one => one.IsConversation));
        writer.WriteNumber("bytes", all.Sum(static one => one.Bytes));
        writer.WriteNumber("max_bytes", facts.Options.KvMaxBytes);
        writer.WriteNumber("max_count", facts.Options.KvMaxSnapshots);
        writer.WriteBoolean("enabled", facts.Options.KvEnabled && state.RestoreDisabledReason is null);
        if (snapshots.FreeBytes is { } free)
            writer.WriteNumber("free_bytes", free >> 28 << 28); // in steps: others write to the disk, too
        writer.WriteEndObject();
    }
}
