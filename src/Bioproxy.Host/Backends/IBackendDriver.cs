namespace Bioproxy.Host.Backends;

/// <summary>
/// What is specific to a kind of backend. Every driver passes the same conformance tests; what a kind cannot do is a fact or a null here,
/// never an <c>if</c> in the path of a request.
/// </summary>
internal interface IBackendDriver : IDisposable
{
    /// <summary>The control calls to its model; null where the kind has none.</summary>
    ISlotApi? Slots { get; }

    /// <summary>Asks the backend what it is. Never loads, wakes or keeps awake a model.</summary>
    /// <param name="known">What was found before; a driver asks little when nothing has changed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken);

    /// <summary>Whether the process behind the address is still the one that told these facts.</summary>
    Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken);

    /// <summary>Makes a sleeping backend load its model; returns when it has, or has failed to. Does nothing for a kind that does not
    /// sleep.</summary>
    Task WakeAsync(CancellationToken cancellationToken);

    /// <summary>The metrics page of its server, in Prometheus' text format. Never loads or wakes a model; where any call keeps one loaded,
    /// the caller decides when to ask.</summary>
    Task<BackendAnswer<string>> ReadMetricsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new BackendAnswer<string>(null, 404, "this kind of backend has none", null, null));
    }
}
