namespace Bioproxy.Host;

/// <summary>A server that is running on this machine.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Kind">What it is, for people.</param>
internal sealed record FoundServer(Uri Url, string Kind);
