using Microsoft.Extensions.Logging;

namespace Bioproxy.Cluster;

/// <summary>The log of a proxy about its cluster.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Joined cluster {Cluster} as {Proxy}; {Count} active proxies.")]
    public static partial void Joined(this ILogger log, string cluster, string proxy, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}. This proxy schedules nothing for others and saves nothing.")]
    public static partial void Alone(this ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void RedisLost(this ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis at {Address} can be reached again.")]
    public static partial void RedisBack(this ILogger log, string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis lost the list of proxies; it was written again.")]
    public static partial void MembersRestored(this ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The catalogue could not be written to Redis: {Error}")]
    public static partial void CatalogueNotSaved(this ILogger log, string error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The catalogue could not be reached: {Error}")]
    public static partial void CatalogueNotReached(this ILogger log, string error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The owner of {Server} did not answer: {Error}")]
    public static partial void CallFailed(this ILogger log, string server, string error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The admin listener of {Proxy} did not answer: {Error}")]
    public static partial void AskFailed(this ILogger log, string proxy, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "This proxy schedules {Server} from now on.")]
    public static partial void Owns(this ILogger log, string server);

    [LoggerMessage(Level = LogLevel.Information, Message = "This proxy no longer schedules {Server}.")]
    public static partial void Released(this ILogger log, string server);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Proxy} is to schedule {Server}.")]
    public static partial void HandsOver(this ILogger log, string server, string proxy);

    [LoggerMessage(Level = LogLevel.Error, Message = "Scheduling {Server} failed")]
    public static partial void OwnFailed(this ILogger log, Exception error, string server);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Proxy {Proxy} left the cluster or was declared dead ({Silo}); its turns end.")]
    public static partial void ProxyLost(this ILogger log, string proxy, string silo);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A silo did not stop in time: {Error}")]
    public static partial void StopFailed(this ILogger log, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The loop of the cluster failed and starts again")]
    public static partial void LoopFailed(this ILogger log, Exception error);
}
