using System.Collections.Concurrent;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Backends.Drivers;

/// <summary>A server that decides itself which of its models are in memory, so that all of them count as loaded. It has no slots to
/// manage.</summary>
/// <param name="backend">Its configuration.</param>
/// <param name="connectTimeout">The longest wait for a connection.</param>
/// <param name="time">The clock.</param>
internal abstract class SelfManagedServer(BackendOptions backend, TimeSpan connectTimeout, TimeProvider time) : IModelServer
{
    /// <summary>Each model asks for the list of all at every health check; nothing depends on an answer being newer than this.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, BackendFacts> _facts = new(StringComparer.Ordinal);
    private (BackendAnswer<ModelList> Answer, long At)? _last;

    public abstract string Kind { get; }

    public bool LoadsOnAnyCall => false;

    public virtual bool SpeaksOllama => false;

    public bool IsSelfManaged => true;

    protected ControlCalls Calls { get; } = new(backend.Url, connectTimeout, backend.ApiKey);

    public async Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_last is var (known, at) && time.GetElapsedTime(at) < Fresh)
            return known;
        var asked = time.GetTimestamp();
        var answer = await AskAsync(cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } models)
        {
            _last = null;
            return answer.As<ModelList>();
        }

        foreach (var (_, facts) in models)
            _facts[facts.ModelAlias!] = facts with { IsSelfManaged = true };
        var list = new ModelList([.. models.Select(static model => model.Listed)], MostLoaded: int.MaxValue - 1);
        var result = new BackendAnswer<ModelList>(list, answer.Status, null, null, answer.Connection);
        _last = (result, asked);
        return result;
    }

    public Task LoadAsync(string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task UnloadAsync(string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public IBackendDriver DriverOf(string model) => new SelfManagedModelDriver(
        () => _facts.GetValueOrDefault(model) ?? new BackendFacts { ModelAlias = model, IsSelfManaged = true, IsOllama = SpeaksOllama });

    public void Dispose() => Calls.Dispose();

    /// <summary>Asks for the models, each with what is known of it: its name (<see cref="BackendFacts.ModelAlias"/>) at least.</summary>
    protected abstract Task<BackendAnswer<IReadOnlyList<(ListedModel Listed, BackendFacts Facts)>>> AskAsync(
        CancellationToken cancellationToken);
}
