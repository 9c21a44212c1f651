using Microsoft.Extensions.Hosting;

namespace Bioproxy.Host.Threading;

/// <summary>Runs a loop that fences itself as a hosted service.</summary>
/// <param name="run">Ends when its token is cancelled.</param>
internal sealed class BackgroundLoop(Func<CancellationToken, Task> run) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => run(stoppingToken);
}
