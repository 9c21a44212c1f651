using System.Text.Json;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary><c>/status</c>: everything the proxy knows and has decided, with the reasons.</summary>
internal sealed class StatusPage(IProxyState state, LiveOptions options, Uptime uptime, ProxyCluster? cluster = null)
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("version", ProductVersion.Text);
        writer.WriteString("started", uptime.Started);
        writer.WriteSeconds("uptime_seconds", uptime.Elapsed);
        writer.WriteStrings("addresses", state.Addresses);
        writer.WriteString("config_file", options.Current.ConfigFile);
        writer.WriteString("state_directory", options.Current.StateDirectory);
        WriteConfiguration(writer, options.Report);
        if (cluster is not null)
        {
            writer.WriteStartObject("cluster");
            ClusterPage.WriteSummary(writer, cluster);
            writer.WriteEndObject();
        }

        WriteBackend(writer, state.Backend);
        WriteRestoring(writer);
        WriteQueue(writer, state.Queue);
        writer.WriteNumber("body_bytes", state.BodyBytes);
        writer.WriteObjects("slots", state.Slots, slot => WriteSlot(writer, slot));
        var files = state.Templates.ToDictionary(file => file.Trigger, StringComparer.Ordinal);
        writer.WriteObjects("templates", state.WarmUps, warmUp => WriteTemplate(writer, warmUp, files.GetValueOrDefault(warmUp.Trigger)));
        writer.WriteObjects("preambles", state.Preambles, preamble => WritePreamble(writer, preamble));
        writer.WriteObjects("snapshots", state.Snapshots, snapshot => WriteSnapshot(writer, snapshot));
        writer.WriteStrings("quarantined", state.Quarantined);
        if (state.Models is { Count: > 0 } models)
            writer.WriteObjects("models", models, model => WriteServed(writer, model, files));
        PluginView.WriteAll(writer, state.Plugins);
        writer.WriteObjects("restores", state.Restores, restore => WriteRestore(writer, restore));
    }

    private static void WriteConfiguration(Utf8JsonWriter writer, ConfigurationReport report)
    {
        writer.WriteStartObject("configuration");
        writer.WriteTimeOrNull("changed", report.At);
        writer.WriteStrings("mistakes", report.Mistakes);
        writer.WriteStrings("needs_restart", report.NeedRestart);
        writer.WriteEndObject();
    }

    /// <summary>One served model; the dashboard shows it, too.</summary>
    internal static void WriteServed(Utf8JsonWriter writer, ServedSummary model, Dictionary<string, TemplateStatus> files)
    {
        writer.WriteString("backend_name", model.BackendName);
        writer.WriteString("name", model.Name);
        WriteBackend(writer, model.Backend);
        WriteQueue(writer, model.Queue);
        writer.WriteObjects("slots", model.Slots, slot => WriteSlot(writer, slot));
        writer.WriteObjects("templates", model.WarmUps, warmUp => WriteTemplate(writer, warmUp, files.GetValueOrDefault(warmUp.Trigger)));
        writer.WriteObjects("preambles", model.Preambles, preamble => WritePreamble(writer, preamble));
    }

    private static void WriteBackend(Utf8JsonWriter writer, BackendSummary backend)
    {
        writer.WriteStartObject("backend");
        writer.WriteString("url", backend.Url.OriginalString);
        writer.WriteString("status", AdminJson.Name(backend.Status));
        writer.WriteString("problem", backend.Problem);
        writer.WriteNumber("instance", backend.Instance);
        if (backend.Owner is { } owner)
            writer.WriteString("owner", owner);
        writer.WriteString("identity", backend.Fingerprint);
        writer.WriteTimeOrNull("identity_since", backend.FingerprintSince);
        if (backend.Model is { } model)
            WriteModel(writer, model);
        else
            writer.WriteNull("facts");
        writer.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter writer, ModelSummary model)
    {
        writer.WriteStartObject("facts");
        writer.WriteBoolean("is_llama_server", model.IsLlamaServer);
        writer.WriteBoolean("is_router", model.IsRouter);
        writer.WriteString("model", model.Alias);
        writer.WriteString("model_path", model.Path);
        writer.WriteString("model_type", model.Type);
        writer.WriteString("build", model.Build);
        writer.WriteNumberOrNull("slots", model.Slots);
        writer.WriteNumberOrNull("context_per_slot", model.ContextPerSlot);
        writer.WriteBoolean("can_read_slots", model.CanReadSlots);
        writer.WriteBoolean("can_save_slots", model.CanSaveSlots);
        writer.WriteBoolean("empties_idle_slots", model.ClearsIdleSlots);
        writer.WriteString("missing", model.Missing);
        writer.WriteEndObject();
    }

    private void WriteRestoring(Utf8JsonWriter writer)
    {
        var reason = options.Current.KvEnabled ? state.RestoreDisabledReason : "kv.enabled is false in the configuration";
        writer.WriteStartObject("restoring");
        writer.WriteBoolean("enabled", reason is null);
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    }

    private static void WriteQueue(Utf8JsonWriter writer, QueueSummary queue)
    {
        writer.WriteStartObject("queue");
        writer.WriteNumber("capacity", queue.Capacity);
        writer.WriteNumber("used", queue.Used);
        foreach (var lane in queue.Lanes)
        {
            writer.WriteStartObject(lane.Name.Replace('-', '_'));
            writer.WriteNumber("waiting", lane.Waiting);
            writer.WriteNumber("active", lane.Active);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteSlot(Utf8JsonWriter writer, SlotSummary slot)
    {
        writer.WriteNumber("id", slot.Id);
        writer.WriteBoolean("busy", slot.IsBusy);
        writer.WriteString("kind", AdminJson.Name(slot.Holding.Kind));
        writer.WriteString("prefix", slot.Holding.Trigger);
        writer.WriteNumber("text_bytes", slot.Holding.TextBytes);
        writer.WriteNumberOrNull("tokens", slot.Tokens);
        writer.WriteBoolean("saved", slot.IsSaved);
        writer.WriteString("conversation", slot.Conversation);
        writer.WriteNumber("turns", slot.Turns);
    }

    private static void WriteTemplate(Utf8JsonWriter writer, WarmUpStatus warmUp, TemplateStatus? file)
    {
        writer.WriteString("prefix", warmUp.Trigger);
        writer.WriteString("path", file?.Path);
        writer.WriteTimeOrNull("loaded_at", file?.LoadedAt);
        writer.WriteBoolean("stale", file?.Stale ?? false);
        writer.WriteBoolean("warm", warmUp.State == WarmUpState.Warm);
        writer.WriteString("state", AdminJson.Name(warmUp.State));
        writer.WriteNumber("tokens", warmUp.Tokens);
        writer.WriteNumber("cacheable_tokens", warmUp.CacheableTokens);
        writer.WriteNumber("cacheable_percent", warmUp.Tokens == 0 ? 0 : Math.Round(100.0 * warmUp.CacheableTokens / warmUp.Tokens, 1));
        writer.WriteNumber("progress", Math.Round(warmUp.Progress, 3));
        writer.WriteTimeOrNull("warmed_at", warmUp.WarmedAt);
        if (warmUp.Duration is { } duration)
            writer.WriteSeconds("duration_seconds", duration);
        else
            writer.WriteNull("duration_seconds");
        writer.WriteString("tokens_hash", warmUp.TokensHash);
        writer.WriteString("problem", file?.Problem ?? warmUp.Problem);
    }

    private static void WritePreamble(Utf8JsonWriter writer, PreambleSummary preamble)
    {
        writer.WriteString("name", preamble.Name);
        writer.WriteString("domain", preamble.Domain);
        writer.WriteNumber("conversations", preamble.Uses);
        writer.WriteNumber("text_bytes", preamble.TextBytes);
        writer.WriteNumber("tokens", preamble.WarmUp.CacheableTokens);
        writer.WriteString("state", AdminJson.Name(preamble.WarmUp.State));
        writer.WriteNumber("progress", Math.Round(preamble.WarmUp.Progress, 3));
        writer.WriteString("problem", preamble.WarmUp.Problem);
    }

    private static void WriteSnapshot(Utf8JsonWriter writer, SnapshotSummary snapshot)
    {
        writer.WriteString("file", snapshot.File);
        writer.WriteString("prefix", snapshot.Label);
        writer.WriteString("identity", snapshot.Fingerprint);
        writer.WriteBoolean("fits_model", snapshot.FitsModel);
        writer.WriteNumber("tokens", snapshot.Tokens);
        writer.WriteNumber("bytes", snapshot.Bytes);
        writer.WriteString("created", snapshot.Created);
    }

    private static void WriteRestore(Utf8JsonWriter writer, RestoreSummary restore)
    {
        writer.WriteString("at", restore.At);
        writer.WriteString("prefix", restore.Label);
        writer.WriteNumber("promised_tokens", restore.Promised);
        writer.WriteNumberOrNull("reused_tokens", restore.Reused);
        writer.WriteString("status", restore.Status);
    }
}
