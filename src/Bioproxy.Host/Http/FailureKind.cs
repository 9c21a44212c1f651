namespace Bioproxy.Host.Http;

/// <summary>The expected failures of a request, by side and phase.</summary>
internal enum FailureKind
{
    ClientGone,
    Cancelled,
    ClientBodyTooLarge,
    ClientBodyEncoded,
    ClientBodyForm,
    ClientBodyBroken,
    ClientBodyTimedOut,
    ClientHeaderWrong,
    KeyUnknown,
    KeyForbids,
    KeyLimit,
    ModelNotFound,
    ClientBodyInvalid,
    NotSupported,
    MemoryFull,
    PluginFailed,
    PluginTimedOut,
    QueueFull,
    QueueTimedOut,
    ModelNotLoaded,
    BackendUnreachable,
    BackendClosed,
    BackendTimedOut,
    Internal,
}
