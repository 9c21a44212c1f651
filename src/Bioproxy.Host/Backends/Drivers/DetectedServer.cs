namespace Bioproxy.Host.Backends.Drivers;

/// <summary>The models of a server whose kind is not configured: those of a router, until another kind has been recognised.</summary>
/// <param name="router">llama-server's router mode, which its <c>/props</c> name.</param>
/// <param name="others">The kinds that are recognised by their lists, in the order in which they are tried.</param>
internal sealed class DetectedServer(IModelServer router, IReadOnlyList<IModelServer> others) : IModelServer
{
    private volatile IModelServer? _recognised;

    public string Kind => Now.Kind;

    public bool LoadsOnAnyCall => Now.LoadsOnAnyCall;

    public bool SpeaksOllama => Now.SpeaksOllama;

    public bool IsSelfManaged => Now.IsSelfManaged;

    public bool CanUnload => Now.CanUnload;

    private IModelServer Now => _recognised ?? router;

    public void BecomeRouter() => _recognised = null;

    /// <summary>Finds out which of the other kinds it is.</summary>
    /// <returns>False when it is none of them.</returns>
    public async Task<bool> RecogniseAsync(CancellationToken cancellationToken)
    {
        foreach (var other in others)
        {
            var answer = await other.ListAsync(cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccess)
                continue;
            _recognised = other;
            return true;
        }

        return false;
    }

    public Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken) => Now.ListAsync(cancellationToken);

    public Task LoadAsync(string model, CancellationToken cancellationToken) => Now.LoadAsync(model, cancellationToken);

    public Task UnloadAsync(string model, CancellationToken cancellationToken) => Now.UnloadAsync(model, cancellationToken);

    public Task<bool> FollowAsync(Func<string, CancellationToken, Task> changed, CancellationToken cancellationToken) =>
        Now.FollowAsync(changed, cancellationToken);

    public IBackendDriver DriverOf(string model) => Now.DriverOf(model);

    public void Dispose()
    {
        router.Dispose();
        foreach (var other in others)
            other.Dispose();
    }
}
