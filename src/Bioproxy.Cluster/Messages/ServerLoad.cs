namespace Bioproxy.Cluster.Messages;

/// <summary>How busy a server is, by the proxy that schedules it.</summary>
/// <param name="Server">Its name.</param>
/// <param name="Slots">The slots of all its models that are loaded; where it shows none, what its queues grant at once.</param>
/// <param name="Busy">Those that are at work.</param>
/// <param name="Waiting">Requests of clients that wait, through all proxies.</param>
[GenerateSerializer]
[Alias("bioproxy.server-load")]
internal readonly record struct ServerLoad(
    [property: Id(0)] string Server, [property: Id(1)] int Slots, [property: Id(2)] int Busy, [property: Id(3)] int Waiting);
