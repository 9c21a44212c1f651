using Microsoft.Extensions.Hosting;

namespace Bioproxy.Cluster.Silos;

/// <summary>Signals end the proxy's own host, which stops the silo in its turn.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
