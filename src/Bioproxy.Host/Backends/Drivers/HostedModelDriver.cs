namespace Bioproxy.Host.Backends.Drivers;

/// <summary>One model of a server with several. Of a model that is not loaded only the server's list is asked, so that nothing here loads
/// it, or keeps it loaded.</summary>
internal sealed class HostedModelDriver : IBackendDriver
{
    private readonly ModelHost _host;
    private readonly string _model;
    private readonly IBackendDriver _inner;

    public HostedModelDriver(ModelHost host, string model)
    {
        _host = host;
        _model = model;
        _inner = host.Server.DriverOf(model);
        Slots = _inner.Slots is { } slots ? new HostedSlotApi(host, model, slots) : null;
    }

    public ISlotApi? Slots { get; }

    public async Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        var answer = await _host.ListAsync(cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } list)
            return ModelServerDriver.Failure(answer);
        if (list.Find(_model) is not { } listed)
            return Discovery.Found(BackendStatus.Unreachable, null, "its server does not list it any more");
        switch (listed.Status)
        {
            case ListedStatus.Sleeping:
                return Discovery.Found(BackendStatus.Sleeping, null, "it sleeps until a request comes");
            case ListedStatus.Loading:
                return Discovery.Found(BackendStatus.Loading, null, "it is being loaded");
            case ListedStatus.Unloaded or ListedStatus.Stopping:
                return Unloaded;
        }

        // Its room may have been given away just now. And asking a loaded model again and again would keep it loaded.
        using var call = _host.Gate.TryCall(_model);
        if (call is null)
            return Unloaded;
        if (known is { Status: BackendStatus.Ready, Facts: { } facts })
            return Discovery.Found(BackendStatus.Ready, facts, known.Problem);
        var found = await _inner.DiscoverAsync(known, cancellationToken).ConfigureAwait(false);
        return found.Kind == DiscoveryKind.OtherKind ? Unloaded : found; // it went while it was asked
    }

    public async Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        var answer = await _host.ListAsync(cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } list)
            return answer.IsSilent || answer.Status >= 500 ? ProcessCheck.NoAnswer : ProcessCheck.Other;
        using var call = _host.Gate.TryCall(_model);
        return call is null || list.Find(_model) is not { Status: ListedStatus.Ready }
            ? ProcessCheck.Other
            : await _inner.CheckProcessAsync(facts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Loads the model. Only for a request that was let through the gate.</summary>
    public Task WakeAsync(CancellationToken cancellationToken) => _host.LoadAsync(_model, cancellationToken);

    public async Task<BackendAnswer<string>> ReadMetricsAsync(CancellationToken cancellationToken)
    {
        var answer = await _host.ListAsync(cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } list)
            return answer.As<string>();
        using var call = _host.Gate.TryCall(_model);
        return call is null || list.Find(_model) is not { Status: ListedStatus.Ready }
            ? new BackendAnswer<string>(null, 0, "it is not loaded", null, null)
            : await _inner.ReadMetricsAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _inner.Dispose();

    private static Discovery Unloaded { get; } = Discovery.Found(BackendStatus.Unloaded, null, "it is loaded when a request comes");
}
