using Bioproxy.Host.Models;

namespace Bioproxy.Host.Routing;

/// <summary>Chooses the model that serves a request. With one backend there is one, whatever name the request has, as llama-server
/// does.</summary>
internal sealed class ModelRouter(ServedModel only)
{
    /// <summary>All models that are served.</summary>
    public IReadOnlyList<ServedModel> Models { get; } = [only];

    /// <param name="name">The request's model; null for none.</param>
    public ServedModel Route(string? name) => Models[0];
}
