using Bioproxy.Host.Threading;

namespace Bioproxy.Host.Backends;

/// <summary>A server with several models as one configured entry: its list as last read, the gate before its models, and a
/// <see cref="Backend"/> for each model that was ever listed.</summary>
/// <param name="server">The server.</param>
/// <param name="gate">Decides which model is loaded next.</param>
/// <param name="time">The clock.</param>
/// <param name="make">Makes the backend of a model.</param>
internal sealed class ModelHost(IModelServer server, SwapGate gate, TimeProvider time, Func<ModelHost, ListedModel, Backend> make)
    : IDisposable
{
    private readonly SemaphoreSlim _listing = new(1, 1);
    private readonly GrowingList<Backend> _backends = new([]);
    private BackendAnswer<ModelList> _last;
    private long _asked = long.MinValue;

    public IModelServer Server => server;

    public SwapGate Gate => gate;

    /// <summary>Whether it has listed models, and so is a server of this kind. One without models is asked like any other server.</summary>
    public bool IsListed => Backends.Count > 0;

    /// <summary>The models that were ever listed.</summary>
    public IReadOnlyList<Backend> Backends => _backends.Items;

    /// <summary>Tells of the models that are found from now on. The subscriber owns them.</summary>
    public void Subscribe(Action<Backend> added) => _backends.Subscribe(added);

    /// <summary>Asks the server for its models. Callers at the same time share an answer; no answer is older than the call.</summary>
    public async Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken)
    {
        var called = time.GetTimestamp();
        await _listing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_asked > called)
                return _last;
            var asked = time.GetTimestamp();
            var answer = await server.ListAsync(cancellationToken).ConfigureAwait(false);
            (_last, _asked) = (answer, asked);
            if (answer.Value is { } list)
                Take(list);
            return answer;
        }
        finally
        {
            _listing.Release();
        }
    }

    public void Dispose()
    {
        server.Dispose();
        _listing.Dispose();
    }

    private void Take(ModelList list)
    {
        gate.Observe(list);
        foreach (var model in list.Models.Where(model => Backends.All(backend => backend.Model != model.Name)))
            _backends.Add(make(this, model));
    }
}
