using System.Text.Json;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary><c>/status</c>: everything the proxy knows and has decided, with the reasons.</summary>
internal sealed class StatusView(
    Run run,
    BackendMonitor monitor,
    SlotQueue queue,
    SlotTable table,
    SnapshotStore store,
    ModelRecognition recognition,
    EffectLedger effects,
    TemplateLibrary library,
    Func<IReadOnlyList<WarmUpStatus>> warmUps,
    Func<IReadOnlyList<PluginStatus>> plugins,
    Func<IReadOnlyList<string>> proxyAddresses,
    ProxyOptions options)
{
    public void Write(Utf8JsonWriter writer)
    {
        var backend = monitor.State;
        var snapshots = store.All;
        var identity = recognition.Identity(backend.Epoch);

        writer.WriteString("version", ProductVersion.Text);
        writer.WriteString("started", run.Started);
        writer.WriteSeconds("uptime_seconds", run.Uptime);
        writer.WriteStrings("addresses", proxyAddresses());
        writer.WriteString("config_file", options.ConfigFile);
        writer.WriteString("state_directory", options.StateDirectory);
        WriteBackend(writer, backend, identity);
        WriteRestoring(writer);
        WriteQueue(writer, queue.View);
        var templates = warmUps();
        WriteSlots(writer, snapshots, templates);
        var files = library.Statuses.ToDictionary(file => file.Prefix, StringComparer.Ordinal);
        writer.WriteObjects("templates", templates, template => WriteTemplate(writer, template, files.GetValueOrDefault(template.Prefix)));
        writer.WriteObjects("snapshots", snapshots.OrderBy(s => s.Prefix, StringComparer.Ordinal).ThenByDescending(s => s.Created), snapshot => WriteSnapshot(writer, snapshot, identity));
        writer.WriteStrings("quarantined", store.Quarantined);
        PluginView.WriteAll(writer, plugins());
        writer.WriteObjects("restores", effects.Last, effect => WriteEffect(writer, effect));
    }

    private void WriteBackend(Utf8JsonWriter writer, BackendState backend, string? identity)
    {
        var facts = backend.Facts;
        writer.WriteStartObject("backend");
        writer.WriteString("url", options.BackendUrl.OriginalString);
        writer.WriteString("status", AdminJson.Name(backend.Status));
        writer.WriteString("problem", backend.Problem);
        writer.WriteNumber("epoch", backend.Epoch);
        writer.WriteString("identity", identity);
        writer.WriteTimeOrNull("identity_since", identity is null ? null : recognition.Current?.Since);
        if (facts is null)
        {
            writer.WriteNull("facts");
        }
        else
        {
            writer.WriteStartObject("facts");
            writer.WriteBoolean("is_llama_server", facts.IsLlamaServer);
            writer.WriteBoolean("is_router", facts.IsRouter);
            writer.WriteString("model", facts.ModelAlias);
            writer.WriteString("model_path", facts.ModelPath);
            writer.WriteString("model_type", facts.ModelType);
            writer.WriteString("build", facts.Build);
            writer.WriteNumberOrNull("slots", facts.TotalSlots);
            writer.WriteNumberOrNull("context_per_slot", facts.ContextPerSlot);
            writer.WriteBoolean("can_read_slots", facts.CanReadSlots);
            writer.WriteBoolean("can_save_slots", facts.CanSaveSlots);
            writer.WriteBoolean("empties_idle_slots", table.ClearsIdleSlots);
            writer.WriteString("missing", facts.Missing);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private void WriteRestoring(Utf8JsonWriter writer)
    {
        var reason = options.KvEnabled ? effects.Disabled : "kv.enabled is false in the configuration";
        writer.WriteStartObject("restoring");
        writer.WriteBoolean("enabled", reason is null);
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    }

    private static void WriteQueue(Utf8JsonWriter writer, QueueView view)
    {
        writer.WriteStartObject("queue");
        writer.WriteNumber("capacity", view.Capacity);
        writer.WriteNumber("used", view.Used);
        WriteLane("interactive", view.InteractiveWaiting, view.InteractiveActive);
        WriteLane("batch", view.BatchWaiting, view.BatchActive);
        WriteLane("warm_up", view.WarmUpWaiting, view.WarmUpActive);
        writer.WriteEndObject();

        void WriteLane(string lane, int waiting, int active)
        {
            writer.WriteStartObject(lane);
            writer.WriteNumber("waiting", waiting);
            writer.WriteNumber("active", active);
            writer.WriteEndObject();
        }
    }

    private void WriteSlots(Utf8JsonWriter writer, IReadOnlyList<Snapshot> snapshots, IReadOnlyList<WarmUpStatus> templates)
    {
        writer.WriteObjects("slots", table.View(), slot =>
        {
            var holding = SlotHolding.Of(slot, snapshots, templates);
            writer.WriteNumber("id", slot.Id);
            writer.WriteBoolean("busy", slot.IsBusy);
            writer.WriteString("kind", AdminJson.Name(holding.Kind));
            writer.WriteString("prefix", holding.Prefix);
            writer.WriteNumber("text_bytes", holding.TextBytes);
            writer.WriteNumberOrNull("tokens", slot.PromptTokens);
            writer.WriteBoolean("saved", slot.Content is { IsSaved: true });
        });
    }

    private static void WriteTemplate(Utf8JsonWriter writer, WarmUpStatus template, TemplateStatus? file)
    {
        writer.WriteString("prefix", template.Prefix);
        writer.WriteString("path", file?.Path);
        writer.WriteTimeOrNull("loaded_at", file?.LoadedAt);
        writer.WriteBoolean("stale", file?.Stale ?? false);
        writer.WriteBoolean("warm", template.State == WarmUpState.Warm);
        writer.WriteString("state", AdminJson.Name(template.State));
        writer.WriteNumber("tokens", template.Tokens);
        writer.WriteNumber("cacheable_tokens", template.CacheableTokens);
        writer.WriteNumber("cacheable_percent", template.Tokens == 0 ? 0 : Math.Round(100.0 * template.CacheableTokens / template.Tokens, 1));
        writer.WriteNumber("progress", Math.Round(template.Progress, 3));
        writer.WriteTimeOrNull("warmed_at", template.WarmedAt);
        if (template.Duration is { } duration)
            writer.WriteSeconds("duration_seconds", duration);
        else
            writer.WriteNull("duration_seconds");
        writer.WriteString("tokens_hash", template.TokensHash);
        writer.WriteString("problem", file?.Problem ?? template.Problem);
    }

    private static void WriteSnapshot(Utf8JsonWriter writer, Snapshot snapshot, string? identity)
    {
        writer.WriteString("file", snapshot.File);
        writer.WriteString("prefix", snapshot.Label);
        writer.WriteString("identity", snapshot.Fingerprint);
        writer.WriteBoolean("fits_model", snapshot.Fingerprint == identity);
        writer.WriteNumber("tokens", snapshot.Tokens);
        writer.WriteNumber("bytes", snapshot.Bytes);
        writer.WriteString("created", snapshot.Created);
    }

    private static void WriteEffect(Utf8JsonWriter writer, RestoreEffect effect)
    {
        writer.WriteString("at", effect.At);
        writer.WriteString("prefix", effect.Prefix);
        writer.WriteNumber("promised_tokens", effect.Promised);
        writer.WriteNumberOrNull("reused_tokens", effect.Reused);
        writer.WriteString("status", effect.Status);
    }
}
