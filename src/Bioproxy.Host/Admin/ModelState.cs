using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>Translates the backend and everything known about its model into what the admin pages show. No other page knows these
/// types.</summary>
internal sealed class ModelState(ServedModel model)
{
    public BackendSummary Backend
    {
        get
        {
            var instance = model.Current;
            var state = instance.State;
            var fingerprint = instance.Recognition.Fingerprint;
            return new BackendSummary(
                model.Backend.Options.Url, state.Status, state.Problem,
                state.Facts is { } facts ? Model(facts, instance.Table) : null)
            {
                Instance = instance.Number,
                Owner = model.Owner?.Name,
                Fingerprint = fingerprint,
                FingerprintSince = fingerprint is null ? null : instance.Recognition.Since,
            };
        }
    }

    public QueueSummary Queue
    {
        get
        {
            var view = model.Queue.View;
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
            var current = model.Current.Recognition.Fingerprint;
            return
            [
                .. model.Context.Snapshots.All.OrderBy(s => s.Trigger, StringComparer.Ordinal).ThenByDescending(s => s.Created)
                    .Select(
                        s => new SnapshotSummary(s.File, s.Label, s.Fingerprint, s.Fingerprint == current, s.Tokens, s.Bytes, s.Created)),
            ];
        }
    }

    public IReadOnlyList<string> Quarantined => model.Context.Snapshots.Quarantined;

    public IReadOnlyList<RestoreSummary> Restores =>
        [.. model.Context.Effectiveness.Last.Select(
            effect => new RestoreSummary(effect.At, effect.Label, effect.Promised, effect.Reused, effect.Status))];

    public string? RestoreDisabledReason => model.Context.Effectiveness.Disabled;

    /// <summary>All of it, for the list of several.</summary>
    public ServedSummary Summary(WarmUpStatuses warmUps) =>
        new(model.Backend.Name, model.Name, Backend, Queue, Slots(warmUps.All), warmUps.All) { Preambles = Preambles(warmUps) };

    public IReadOnlyList<PreambleSummary> Preambles(WarmUpStatuses warmUps) =>
        [.. model.Context.Preambles.All.Select(
            one => new PreambleSummary(one.Name, one.Domain, one.Uses, one.Chain.Length, warmUps.Of(one.Name)))];

    /// <param name="warmUps">A template that cannot be saved is recognised by its number of tokens.</param>
    public IReadOnlyList<SlotSummary> Slots(IReadOnlyList<WarmUpStatus> warmUps)
    {
        var snapshots = model.Context.Snapshots.All;
        return
        [
            .. model.Current.Table.View().Select(slot => new SlotSummary(
                slot.Id, slot.IsBusy, SlotHolding.Of(slot, snapshots, warmUps), slot.PromptTokens, slot.Content is { IsSaved: true })
            {
                Conversation = slot.Content?.Session,
                Turns = slot.Content?.Turns ?? 0,
            }),
        ];
    }

    private static ModelSummary Model(BackendFacts facts, SlotTable table) => new()
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
