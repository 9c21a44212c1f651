using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>One model on one configured server: its address, its connections, and what is known of it. A server with several models has
/// one of these for each.</summary>
internal sealed class Backend(BackendOptions options, IBackendDriver driver, BackendMonitor monitor, BackendSender sender) : IDisposable
{
    /// <summary>The server's configuration.</summary>
    public BackendOptions Options => options;

    /// <summary>The server's name; a label of metrics. Two proxies may have models of one name in their pools.</summary>
    public string Name { get; private init; } = options.Name;

    /// <summary>The proxy that starts the server, and passes on what is sent to it; null for one that is reached directly.</summary>
    public string? Proxy
    {
        get;
        init => (field, Name) = (value, value is null ? options.Name : $"{options.Name}@{value}");
    }

    /// <summary>What the server calls the model, which a request has to name; null where it serves one, whatever a request names.</summary>
    public string? Model { get; init; }

    /// <summary>Other names under which the server knows the model.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The name that a request needs in place of its own; null where its own will do.</summary>
    public string? NameFor(string? asked) => asked is not null && Aliases.Contains(asked, StringComparer.Ordinal) ? null : Model;

    /// <summary>What a request for the model passes first; null where the model is always there.</summary>
    public IModelLoader? Loader { get; init; }

    /// <summary>The server's models and the gate before them, for one of these models; null for a server with one model.</summary>
    public ModelHost? Host { get; init; }

    /// <summary>The models that may be found on this server; null where there cannot be several.</summary>
    public ModelHost? Server { get; init; }

    /// <summary>It stands for a server with several models, each of which is a backend of its own: no request is routed to it.</summary>
    public bool IsServer => Server is { } server && (server.IsListed || options.Kind is BackendKind.Router or BackendKind.LlamaSwap);

    public IBackendDriver Driver => driver;

    public BackendMonitor Monitor => monitor;

    /// <summary>Forwards clients' requests.</summary>
    public BackendSender Sender => sender;

    public void Dispose()
    {
        monitor.Dispose();
        sender.Dispose();
        driver.Dispose();
        Server?.Dispose();
    }
}
