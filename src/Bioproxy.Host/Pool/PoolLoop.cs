using Microsoft.Extensions.Hosting;

namespace Bioproxy.Host.Pool;

/// <summary>Runs the pool: ends what an earlier proxy left running, loads what is configured to be preloaded, and tells the pool which
/// models have become idle.</summary>
internal sealed class PoolLoop(ModelPool pool, PoolUse use, OrphanCleaner orphans, TimeProvider time) : BackgroundService, IPoolListener
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private readonly HashSet<string> _busy = new(StringComparer.Ordinal);

    public void Changed(string name)
    {
        // One that is stopping has its slots saved first.
        if (pool.StatusOf(name).State is not (PoolModelState.Ready or PoolModelState.Stopping))
            use.Gone(name);
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await orphans.CleanAsync(cancellationToken).ConfigureAwait(false);
        pool.Subscribe(this);
        pool.Start();
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var model in pool.Status)
            {
                if (use.IsBusy(model.Name))
                    _busy.Add(model.Name);
                else if (_busy.Remove(model.Name) || pool.AwaitsIdle(model.Name)) // it may have been busy between two looks only
                    pool.NotifyIdle(model.Name);
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
