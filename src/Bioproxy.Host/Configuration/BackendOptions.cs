namespace Bioproxy.Host.Configuration;

/// <summary>One entry of <c>backends</c>.</summary>
/// <param name="Name">Its name in the configuration; a label of metrics.</param>
/// <param name="Url">Its address.</param>
internal sealed record BackendOptions(string Name, Uri Url)
{
    /// <summary>The name of the backend that <c>backend_url</c> makes.</summary>
    public const string DefaultName = "default";

    public BackendKind Kind { get; init; }

    /// <summary>For the proxy's own calls.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Whether it gets the keys of clients; null for <c>forward_api_key</c>.</summary>
    public bool? ForwardApiKey { get; init; }

    /// <summary>The folder of its <c>--slot-save-path</c> as seen from here; null when the proxy cannot reach it.</summary>
    public string? SlotDirectory { get; init; }

    /// <summary>Concurrent requests where the backend does not report its number of slots; null for <c>queue.capacity</c>.</summary>
    public int? Capacity { get; init; }

    /// <summary>The proxy starts it itself.</summary>
    public bool IsPooled { get; init; }

    /// <summary>The key that sets its address, for messages.</summary>
    public string UrlKey => IsPooled ? $"pool.models.{Name}" : Name == DefaultName ? "backend_url" : $"backends.{Name}.url";

    /// <summary>The key that sets <see cref="ApiKey"/>.</summary>
    public string ApiKeyKey => Name == DefaultName ? "backend_api_key" : $"backends.{Name}.api_key";

    /// <summary>The key that sets <see cref="SlotDirectory"/>.</summary>
    public string SlotDirectoryKey => Name == DefaultName ? "kv.directory" : $"backends.{Name}.slot_directory";
}
