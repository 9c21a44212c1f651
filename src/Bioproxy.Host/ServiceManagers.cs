using System.Globalization;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;

namespace Bioproxy.Host;

/// <summary>What service managers are told: systemd, that the proxy listens, stops and is alive; Windows, the same where it runs as a
/// service. Changes nothing for a proxy that neither of them started.</summary>
internal static class ServiceManagers
{
    /// <summary>Where systemd listens. AddSystemd looks for a parent process called systemd instead, which a unit with
    /// <c>ProtectProc=invisible</c> cannot see: systemd would wait for READY until it gives up.</summary>
    private const string SocketVariable = "NOTIFY_SOCKET";

    /// <summary>Microseconds after which systemd takes a service that says nothing for dead (<c>WatchdogSec</c>).</summary>
    private const string WatchdogVariable = "WATCHDOG_USEC";

    public static IServiceCollection AddServiceManagers(this IServiceCollection services)
    {
        services.AddWindowsService();
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(SocketVariable)))
            return services;
        services.AddSingleton<ISystemdNotifier, SystemdNotifier>().AddSingleton<IHostLifetime, SystemdLifetime>();
        if (WatchdogPause() is { } pause)
        {
            services.AddSingleton<IHostedService>(provider =>
            {
                var (notifier, time) = (provider.GetRequiredService<ISystemdNotifier>(), provider.GetRequiredService<TimeProvider>());
                return new BackgroundLoop(stopping => SayAliveAsync(notifier, pause, time, stopping));
            });
        }

        return services;
    }

    /// <summary>A third of what is allowed: one message may be late.</summary>
    private static TimeSpan? WatchdogPause() =>
        long.TryParse(Environment.GetEnvironmentVariable(WatchdogVariable), CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? TimeSpan.FromMicroseconds(limit / 3.0)
            : null;

    /// <summary>On the thread pool, as requests are: where these get no thread, systemd hears nothing.</summary>
    private static async Task SayAliveAsync(ISystemdNotifier notifier, TimeSpan pause, TimeProvider time, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            notifier.Notify(new ServiceState("WATCHDOG=1"));
            await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
