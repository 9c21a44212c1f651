using System.Diagnostics.Metrics;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>Gauges that read the proxy's state at each scrape.</summary>
internal static class StateGauges
{
    public static void Register(ProxyMetrics metrics, IProxyState state)
    {
        metrics.Observe(
            "bioproxy_queue_length",
            "Requests and warm-ups waiting for a slot, by lane.",
            () => state.Queue.Lanes.Select(lane => Value(lane.Waiting, "lane", lane.Name)));
        metrics.Observe("bioproxy_slots", "Slots of the backend, by state: busy or free.", () =>
        {
            var (busy, free) = CountSlots(state.Backend, state.Queue, state.Slots);
            return [Value(busy, "state", "busy"), Value(free, "state", "free")];
        });
        metrics.Observe(
            "bioproxy_backend_up",
            "1 while the backend serves, or sleeps until a request comes; else 0.",
            () => [new(state.Backend.IsServing ? 1 : 0)]);
        metrics.Observe("bioproxy_snapshots", "Snapshots in the catalogue.", () => [new(state.Snapshots.Count)]);
        metrics.Observe(
            "bioproxy_template_warm",
            "1 while a snapshot of the template is saved for this model, else 0; by prefix.",
            () => state.WarmUps.Select(template => Value(template.State == WarmUpState.Warm ? 1 : 0, "prefix", template.Trigger)));
    }

    /// <summary>The slots of a backend that does not show them are counted by the queue's leases.</summary>
    public static (int Busy, int Free) CountSlots(BackendSummary backend, QueueSummary queue, IReadOnlyList<SlotSummary> slots)
    {
        if (!backend.IsServing)
            return (0, 0);
        var (all, busy) = slots.Count > 0 ? (slots.Count, slots.Count(slot => slot.IsBusy)) : (queue.Capacity, queue.Used);
        return (busy, Math.Max(0, all - busy));
    }

    private static Measurement<long> Value(long value, string label, string text) =>
        new(value, new KeyValuePair<string, object?>(label, text));
}
