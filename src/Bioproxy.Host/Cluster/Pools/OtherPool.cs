using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster.Pools;

/// <summary>The pool of another proxy. Its models are models of this proxy as well, scheduled there. It outlives that proxy's stays in the
/// cluster, because answers may still stream, and what was learned of the models stays true.</summary>
internal sealed class OtherPool(
    string proxy, Uri address, ICluster cluster, ProxyOptions options, SharedState shared, TimeProvider time, ILoggerFactory loggers)
    : IAsyncDisposable
{
    private readonly Dictionary<string, (ServedModel Served, ReportedModel Reported)> _models = new(StringComparer.Ordinal);

    public string Proxy => proxy;

    public Uri Address => address;

    public Presence Presence { get; } = new();

    /// <summary>The models that its last report has.</summary>
    public IReadOnlyList<ServedModel> Models { get; private set; } = [];

    /// <summary>Takes over a report. Not to be called twice at the same time.</summary>
    public async Task TakeAsync(PoolMessage pool, CancellationToken cancellationToken)
    {
        var models = new List<ServedModel>(pool.Models.Length);
        foreach (var report in pool.Models)
        {
            if (!_models.TryGetValue(report.Name, out var model))
                _models[report.Name] = model = Make(report.Name);
            model.Reported.Report = report;
            await model.Served.Backend.Monitor.CheckAsync(cancellationToken).ConfigureAwait(false);
            models.Add(model.Served);
        }

        Models = models;
    }

    public async ValueTask DisposeAsync()
    {
        Presence.Leave();
        foreach (var (served, _) in _models.Values)
        {
            await served.DisposeAsync().ConfigureAwait(false);
            served.Backend.Dispose();
        }
    }

    private (ServedModel Served, ReportedModel Reported) Make(string name)
    {
        var backend = new BackendOptions(name, address) { Kind = BackendKind.LlamaServer, IsPooled = true };
        var reported = new ReportedModel(address, options.ConnectTimeout, Presence);
        var monitor = new BackendMonitor(
            reported, address, options.HealthCheckInterval, time, loggers.CreateLogger<BackendMonitor>())
        {
            LoadsForRequests = true,
        };
        var served = new Backend(backend, reported, monitor, new BackendSender(backend, options, relay: proxy))
        {
            Loader = reported,
            Proxy = proxy,
        };
        var model = new ServedModel(shared.ContextOf(served), served, shared.NewQueue(served));
        model.ShareWith(new PoolOwner(
            proxy, cluster.Name, cluster.LinkTo(ServerName.OfPool(proxy)), reported, time, Presence));
        return (model, reported);
    }
}
