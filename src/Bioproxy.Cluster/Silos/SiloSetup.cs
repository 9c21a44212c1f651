using System.Net;
using Bioproxy.Cluster.Proxies;
using Bioproxy.Cluster.Redis;
using Bioproxy.Cluster.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Serialization;
using Orleans.Storage;

namespace Bioproxy.Cluster.Silos;

/// <summary>Builds a silo in a host of its own: it comes and goes while the proxy runs.</summary>
internal static class SiloSetup
{
    /// <summary>The name of the storage in Redis.</summary>
    public const string Storage = "redis";

    /// <summary>What warns at every start (a garbage collector that a proxy does not use, a check that has not run yet), and what warns
    /// every few seconds of a Redis or a proxy that is gone, which <see cref="ClusterLog"/> says once.</summary>
    private static readonly string[] _noisy =
    [
        "Orleans.Runtime.Silo", "Orleans.Runtime.Watchdog", "Orleans.Runtime.CallbackData",
        "Orleans.Runtime.Messaging", "Orleans.Runtime.MembershipService", "Orleans.Runtime.GrainDirectory",
        "Orleans.Runtime.AsyncTimer", "Polly",
    ];

    public static IHost Build(ClusterOptions options, IPEndPoint endpoint, RedisLink redis, ProxySide side, ILoggerFactory logs)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddProvider(new ForwardedLogs(logs));

        foreach (var category in _noisy) builder.Logging.AddFilter(category, LogLevel.Error);
        builder.Logging.AddFilter("Orleans.Persistence", LogLevel.None);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton(side);
        builder.Services.AddSingleton<FatalErrors>();
        builder.Services.AddSerializer(static serializer => serializer.AddAssembly(typeof(SiloSetup).Assembly));
        builder.UseOrleans(silo =>
        {
            Address(silo, options, endpoint);
            silo.Configure<ClusterMembershipOptions>(Membership);
            UseRedis(silo, redis, side.Log);
            silo.UseSiloMetadata(new Dictionary<string, string>
            {
                [ServerPlacementDirector.ServersKey] = string.Join('\n', side.Host.Servers),
            });

            // Two owners of a server for a moment cost time only; waiting half a minute for an owner would cost more.
            silo.Configure<GrainDirectoryOptions>(static directory => directory.RangeLeaseDuration = TimeSpan.Zero);
            silo.AddPlacementDirector<ServerPlacement, ServerPlacementDirector>();
            silo.AddPlacementDirector<ProxyPlacement, ProxyPlacementDirector>();
#pragma warning disable ORLEANSEXP003 // The older directory drops living activations when the silo dies that had them in its part.
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
            silo.Services.AddSingleton<IFatalErrorHandler>(static services => services.GetRequiredService<FatalErrors>());
            if (options.TlsCertificate is { } certificate) SiloTls.Use(silo, certificate, options.TlsKey ?? certificate);
        });
        return builder.Build();
    }

    private static void Address(ISiloBuilder silo, ClusterOptions options, IPEndPoint endpoint)
    {
        silo.Configure<Orleans.Configuration.ClusterOptions>(cluster => cluster.ClusterId = cluster.ServiceId = options.Name);
        silo.Configure<SiloOptions>(names => names.SiloName = options.Advertise);
        silo.Configure<EndpointOptions>(endpoints =>
        {
            var isV6 = endpoint.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
            var any = isV6 ? IPAddress.IPv6Any : IPAddress.Any;
            endpoints.AdvertisedIPAddress = endpoint.Address;
            endpoints.SiloPort = endpoint.Port;
            endpoints.GatewayPort = 0;
            var listen = IPAddress.IsLoopback(endpoint.Address) ? endpoint.Address : any;
            endpoints.SiloListeningEndpoint = new IPEndPoint(listen, endpoint.Port);
        });
    }

    /// <summary>A dead proxy's turns end within 15 seconds: three probes of a second each, and one vote, since two proxies are a
    /// cluster too.</summary>
    private static void Membership(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromSeconds(1);
        membership.MaxProbeTimeout = TimeSpan.FromSeconds(2);
        membership.NumMissedProbesLimit = 3;
        membership.NumVotesForDeathDeclaration = 1;
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(3);
        membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(45);
        membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
        membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
    }

    private static void UseRedis(ISiloBuilder silo, RedisLink redis, ILogger log)
    {
        silo.UseRedisClustering(clustering =>
        {
            clustering.ConfigurationOptions = redis.Configuration;
            clustering.CreateMultiplexer = async _ => (await redis.ConnectAsync(), true);
        });
        silo.AddRedisGrainStorage(Storage, storage => storage.Configure<Serializer>((redisStorage, serializer) =>
        {
            redisStorage.ConfigurationOptions = redis.Configuration;
            redisStorage.CreateMultiplexer = async _ => (await redis.ConnectAsync(), true);
            redisStorage.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));

        // What Orleans registered last is its table in Redis; around it goes the one that survives a Redis that lost its data.
        var table = silo.Services.Last(static service => service.ServiceType == typeof(IMembershipTable));
        silo.Services.AddSingleton(services => new KeptMembershipTable(
            (IMembershipTable)table.ImplementationFactory!(services), redis,
            services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Orleans.Configuration.ClusterOptions>>().Value, log));
        silo.Services.AddSingleton<IMembershipTable>(static services => services.GetRequiredService<KeptMembershipTable>());
    }
}
