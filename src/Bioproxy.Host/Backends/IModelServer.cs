namespace Bioproxy.Host.Backends;

/// <summary>A server with several models under one address, of which it loads what a request asks for.</summary>
internal interface IModelServer : IDisposable
{
    /// <summary>What kind of server it is, for people.</summary>
    string Kind { get; }

    /// <summary>Every call that names a model loads it, so that only its list may be asked about one that is not loaded.</summary>
    bool LoadsOnAnyCall { get; }

    /// <summary>It speaks Ollama's protocol: such requests pass untouched.</summary>
    bool SpeaksOllama => false;

    /// <summary>It decides itself which models are in memory, and has no slots to manage.</summary>
    bool IsSelfManaged => false;

    /// <summary>It unloads a model when it is asked to, also one that it is loading.</summary>
    bool CanUnload => false;

    /// <summary>Its models. Loads none, and keeps none loaded.</summary>
    Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Loads a model, where another may have to go; returns when it has, or has failed to.</summary>
    Task LoadAsync(string model, CancellationToken cancellationToken);

    /// <summary>Makes a model go, so that the server does not choose another to make room. Does nothing where the server cannot, or makes
    /// the right one go by itself.</summary>
    Task UnloadAsync(string model, CancellationToken cancellationToken);

    /// <summary>Follows what the server says of its models by itself.</summary>
    /// <param name="changed">Is told which model has another status now.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>When the server has ended it: true. False when it says nothing by itself.</returns>
    Task<bool> FollowAsync(Func<string, CancellationToken, Task> changed, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>Reaches one model, which must be loaded. The caller owns the driver.</summary>
    IBackendDriver DriverOf(string model);
}
