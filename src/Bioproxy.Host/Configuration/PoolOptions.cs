namespace Bioproxy.Host.Configuration;

/// <summary><c>pool</c>: the llama-servers that the proxy starts and stops itself.</summary>
internal sealed record PoolOptions
{
    /// <summary><c>models</c>, in the order of the file.</summary>
    public IReadOnlyList<PoolModelOptions> Models { get; init; } = [];

    /// <summary><c>llama_server</c>: the program for models that are given by <c>hf</c>; a path, or a name that is searched in
    /// PATH.</summary>
    public string LlamaServer { get; init; } = "llama-server";

    /// <summary><c>max_loaded</c>: the most models that are loaded at a time.</summary>
    public int MaxLoaded { get; init; } = 2;

    /// <summary><c>memory</c>: the most bytes that all loaded models may need together; null for no limit.</summary>
    public long? Memory { get; init; }

    /// <summary><c>ports</c>: where the servers listen, on the loopback interface.</summary>
    public PortRange Ports { get; init; } = new(9100, 9199);

    /// <summary><c>min_loaded_seconds</c>: a model is not evicted for another one before it has been loaded for this long.</summary>
    public TimeSpan MinLoaded { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>start_seconds</c>: a server that is not healthy after this time is stopped, and its load has failed.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromSeconds(300);
}
