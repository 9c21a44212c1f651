using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>Translates the backend and everything known about its model into what the admin pages show. No other page knows these
/// types.</summary>
internal sealed class ModelState(
    BackendMonitor monitor,
    ModelRecognition recognition,
    SlotQueue queue,
    SlotTable table,
    SnapshotStore store,
    EffectLedger effects,
    ProxyOptions options)
{
    public BackendSummary Backend
    {
        get
        {
            var state = monitor.State;
            var fingerprint = recognition.Identity(state.Epoch);
            return new BackendSummary(options.BackendUrl, state.Status, state.Problem, state.Facts is { } facts ? Model(facts) : null)
            {
                Instance = state.Epoch,
                Fingerprint = fingerprint,
                FingerprintSince = fingerprint is null ? null : recognition.Current?.Since,
            };
        }
    }

    public QueueSummary Queue
    {
        get
        {
            var view = queue.View;
            return new QueueSummary(view.Capacity, view.Used,
            [
                new LaneSummary("interactive", view.InteractiveWaiting, view.InteractiveActive),
                new LaneSummary("batch", view.BatchWaiting, view.BatchActive),
                new LaneSummary("warm-up", view.WarmUpWaiting, view.WarmUpActive),
            ]);
        }
    }

    public IReadOnlyList<SnapshotSummary> Snapshots
    {
        get
        {
            var current = recognition.Identity(monitor.State.Epoch);
            return
            [
                .. store.All.OrderBy(s => s.Prefix, StringComparer.Ordinal).ThenByDescending(s => s.Created)
                    .Select(s => new SnapshotSummary(s.File, s.Label, s.Fingerprint, s.Fingerprint == current, s.Tokens, s.Bytes, s.Created)),
            ];
        }
    }

    public IReadOnlyList<string> Quarantined => [.. store.Quarantined];

    public IReadOnlyList<RestoreSummary> Restores =>
        [.. effects.Last.Select(effect => new RestoreSummary(effect.At, effect.Prefix, effect.Promised, effect.Reused, effect.Status))];

    public string? RestoreDisabledReason => effects.Disabled;

    /// <param name="warmUps">A template that cannot be saved is recognised by its number of tokens.</param>
    public IReadOnlyList<SlotSummary> Slots(IReadOnlyList<WarmUpStatus> warmUps)
    {
        var snapshots = store.All;
        return
        [
            .. table.View().Select(slot => new SlotSummary(
                slot.Id, slot.IsBusy, SlotHolding.Of(slot, snapshots, warmUps), slot.PromptTokens, slot.Content is { IsSaved: true })),
        ];
    }

    private ModelSummary Model(BackendFacts facts) => new()
    {
        IsLlamaServer = facts.IsLlamaServer,
        IsRouter = facts.IsRouter,
        Alias = facts.ModelAlias,
        Path = facts.ModelPath,
        Type = facts.ModelType,
        Build = facts.Build,
        Slots = facts.TotalSlots,
        ContextPerSlot = facts.ContextPerSlot,
        CanReadSlots = facts.CanReadSlots,
        CanSaveSlots = facts.CanSaveSlots,
        ClearsIdleSlots = table.ClearsIdleSlots,
        Missing = facts.Missing,
    };
}
