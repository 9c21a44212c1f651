using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Backends;

/// <summary>A server with the models that the test lists.</summary>
internal sealed class FakeModelServer : IModelServer
{
    public string Kind => "fake";

    public bool LoadsOnAnyCall => false;

    public bool CanUnload => true;

    public Dictionary<string, ListedStatus> Models { get; } = new() { ["a"] = ListedStatus.Unloaded };

    public List<string> Unloaded { get; } = [];

    public int Lists { get; private set; }

    public int Follows { get; private set; }

    public Func<Func<string, CancellationToken, Task>, CancellationToken, Task<bool>> OnFollow { get; set; } =
        static (_, _) => Task.FromResult(false);

    public Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken)
    {
        Lists++;
        var list = new ModelList([.. Models.Select(model => new ListedModel(model.Key, model.Value))], 1);
        return Task.FromResult(new BackendAnswer<ModelList>(list, 200, null, null, null));
    }

    public Task LoadAsync(string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task UnloadAsync(string model, CancellationToken cancellationToken)
    {
        Unloaded.Add(model);
        return Task.CompletedTask;
    }

    public Task<bool> FollowAsync(Func<string, CancellationToken, Task> changed, CancellationToken cancellationToken)
    {
        Follows++;
        return OnFollow(changed, cancellationToken);
    }

    public IBackendDriver DriverOf(string model) => new FakeDriver(null);

    public void Dispose()
    {
        // it holds nothing
    }
}
