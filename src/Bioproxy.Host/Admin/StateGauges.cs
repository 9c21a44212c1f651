using System.Diagnostics.Metrics;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>Gauges that read the proxy's state at each scrape.</summary>
internal static class StateGauges
{
    /// <param name="metrics">The metrics.</param>
    /// <param name="state">The state.</param>
    /// <param name="maxBytes">The most bytes that snapshots may take.</param>
    public static void Register(ProxyMetrics metrics, IProxyState state, long maxBytes)
    {
        metrics.Observe(
            "bioproxy_queue_length",
            "Requests and warm-ups waiting for a slot, by lane.",
            () => Each(state).SelectMany(one => one.Queue.Lanes.Select(lane => Value(lane.Waiting, one, Tag("lane", lane.Name)))));
        metrics.Observe("bioproxy_slots", "Slots of the backend, by state: busy or free.", () => Each(state).SelectMany(one =>
        {
            var (busy, free) = CountSlots(one.Backend, one.Queue, one.Slots);
            return new[] { Value(busy, one, Tag("state", "busy")), Value(free, one, Tag("state", "free")) };
        }));
        metrics.Observe(
            "bioproxy_backend_up",
            "1 while the backend serves, or wakes or loads for a request; else 0.",
            () => Each(state).Select(one => Value(one.Backend.IsServing ? 1 : 0, one)));
        metrics.Observe("bioproxy_snapshots", "Snapshots in the catalogue.", () => [new(state.Snapshots.Count)]);
        metrics.Observe("bioproxy_snapshot_bytes", "Size of all snapshots.", () => [new(state.Snapshots.Sum(one => one.Bytes))]);
        metrics.Observe("bioproxy_snapshot_bytes_limit", "The most that they may have (kv.max_bytes).", () => [new(maxBytes)]);
        metrics.Observe(
            "bioproxy_preambles",
            "What several conversations begin with, by state: warm while a snapshot is saved for this model, else waiting.",
            () => Each(state).SelectMany(one =>
            {
                var warm = one.Preambles.Count(preamble => preamble.WarmUp.State == WarmUpState.Warm);
                return new[] { Value(warm, one, Tag("state", "warm")), Value(one.Preambles.Count - warm, one, Tag("state", "waiting")) };
            }));
        metrics.Observe(
            "bioproxy_template_warm",
            "1 while a snapshot of the template is saved for this model, else 0; by prefix.",
            () => Each(state).SelectMany(one => one.WarmUps.Select(
                template => Value(template.State == WarmUpState.Warm ? 1 : 0, one, Tag("prefix", template.Trigger)))));
    }

    /// <summary>The slots of a backend that does not show them are counted by the queue's leases.</summary>
    public static (int Busy, int Free) CountSlots(BackendSummary backend, QueueSummary queue, IReadOnlyList<SlotSummary> slots)
    {
        if (!backend.IsServing)
            return (0, 0);
        var (all, busy) = slots.Count > 0 ? (slots.Count, slots.Count(slot => slot.IsBusy)) : (queue.Capacity, queue.Used);
        return (busy, Math.Max(0, all - busy));
    }

    /// <summary>The served models; one without a name where there is only one.</summary>
    private static IReadOnlyList<ServedSummary> Each(IProxyState state) =>
        state.Models is { Count: > 0 } several ? several :
            [new("", "", state.Backend, state.Queue, state.Slots, state.WarmUps) { Preambles = state.Preambles }];

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static Measurement<long> Value(long value, ServedSummary one, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        one.Name.Length == 0 ? new(value, tags) : new(value, [.. tags, Tag("backend", one.BackendName), Tag("model", one.Name)]);
}
