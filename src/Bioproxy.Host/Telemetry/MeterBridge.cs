using System.Diagnostics.Metrics;
using Prometheus;

namespace Bioproxy.Host.Telemetry;

/// <summary>
/// Feeds the instruments of a meter into prometheus-net. The library's own <c>MeterAdapter</c> would put the meter's name in front of every
/// metric, make gauges of counters, change the help texts, and look every measurement up by newly allocated label lists.
/// </summary>
internal sealed class MeterBridge : IDisposable
{
    private readonly MeterListener _listener = new();

    public MeterBridge(Meter meter, CollectorRegistry registry)
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(registry);
        factory.ExemplarBehavior = ExemplarBehavior.NoExemplars();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
                listener.EnableMeasurementEvents(instrument, new InstrumentSeries(instrument, factory));
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, series) => ((InstrumentSeries)series!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, series) => ((InstrumentSeries)series!).Record(value, tags));
        _listener.Start();
        registry.AddBeforeCollectCallback(_listener.RecordObservableInstruments);
    }

    public void Dispose() => _listener.Dispose();
}
