namespace Bioproxy.Host.Http;

/// <summary>What can go wrong with a request that is no bug, by side and phase.</summary>
internal enum FailureKind
{
    ClientGone,
    ClientBodyTooLarge,
    ClientBodyEncoded,
    ClientBodyBroken,
    ClientHeaderWrong,
    PluginFailed,
    PluginTimedOut,
    QueueFull,
    QueueTimedOut,
    BackendUnreachable,
    BackendClosed,
    BackendTimedOut,
    Internal,
}
