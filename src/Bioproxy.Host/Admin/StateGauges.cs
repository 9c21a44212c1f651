using System.Diagnostics.Metrics;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>Gauges that read others' state at each scrape.</summary>
internal static class StateGauges
{
    public static void Register(
        ProxyMetrics metrics, BackendMonitor monitor, SlotQueue queue, SlotTable table, SnapshotStore store, Func<IReadOnlyList<WarmUpStatus>> warmUps)
    {
        metrics.Observe("bioproxy_queue_length", "Requests and warm-ups waiting for a slot, by lane.", () =>
        {
            var view = queue.View;
            return [Value(view.InteractiveWaiting, "lane", "interactive"), Value(view.BatchWaiting, "lane", "batch"), Value(view.WarmUpWaiting, "lane", "warm-up")];
        });
        metrics.Observe("bioproxy_slots", "Slots of the backend, by state: busy or free.", () =>
        {
            var (busy, free) = CountSlots(monitor.State, queue.View, table.View());
            return [Value(busy, "state", "busy"), Value(free, "state", "free")];
        });
        metrics.Observe("bioproxy_backend_up", "1 while the backend serves, or sleeps until a request comes; else 0.", () => [new(HealthReport.Serves(monitor.State) ? 1 : 0)]);
        metrics.Observe("bioproxy_snapshots", "Snapshots in the catalogue.", () => [new(store.Count)]);
        metrics.Observe("bioproxy_template_warm", "1 while a snapshot of the template is saved for this model, else 0; by prefix.", () =>
            [.. warmUps().Select(template => Value(template.State == WarmUpState.Warm ? 1 : 0, "prefix", template.Prefix))]);
    }

    /// <summary>A backend that does not show its slots is counted by the queue's leases.</summary>
    public static (int Busy, int Free) CountSlots(BackendState backend, QueueView queue, IReadOnlyList<SlotView> slots)
    {
        if (!HealthReport.Serves(backend))
            return (0, 0);
        var busy = slots.Count > 0 ? slots.Count(slot => slot.IsBusy) : queue.Used;
        return (busy, Math.Max(0, (slots.Count > 0 ? slots.Count : queue.Capacity) - busy));
    }

    private static Measurement<long> Value(long value, string label, string text) => new(value, new KeyValuePair<string, object?>(label, text));
}
