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
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _listing = new(1, 1);
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

    /// <summary>Follows what the server says of its models by itself, so that their states are known at once; where it says nothing, they
    /// are known at the next check. Never fails.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        await _listed.Task.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            var since = time.GetTimestamp();
            var follows = false;
            try
            {
                follows = await server.FollowAsync(ChangedAsync, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = !follows ? LongestPause
                : time.GetElapsedTime(since) > LongestPause ? FirstPause
                : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Stops the load of a model that no request wants any more.</summary>
    /// <returns>Whether it is loaded after all.</returns>
    public async Task<bool> StopLoadAsync(string model, CancellationToken cancellationToken)
    {
        var answer = await ListAsync(cancellationToken).ConfigureAwait(false);
        var status = answer.Value?.Find(model)?.Status;
        if (status == ListedStatus.Loading)
            await server.UnloadAsync(model, cancellationToken).ConfigureAwait(false);
        return status is ListedStatus.Ready or ListedStatus.Sleeping;
    }

    /// <summary>Loads a model for a request that its gate has let through.</summary>
    public async Task LoadAsync(string model, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        await server.LoadAsync(model, cancellationToken).ConfigureAwait(false);
        gate.Loaded(model, time.GetElapsedTime(began));
    }

    public void Dispose()
    {
        server.Dispose();
        _listing.Dispose();
    }

    private Task ChangedAsync(string model, CancellationToken cancellationToken)
    {
        if (Backends.FirstOrDefault(backend => backend.Model == model) is not { } backend)
            return ListAsync(cancellationToken);
        backend.Monitor.CheckSoon();
        return Task.CompletedTask;
    }

    private void Take(ModelList list)
    {
        gate.Observe(list);
        _listed.TrySetResult();
        foreach (var model in list.Models.Where(model => Backends.All(backend => backend.Model != model.Name)))
            _backends.Add(make(this, model));
    }
}
