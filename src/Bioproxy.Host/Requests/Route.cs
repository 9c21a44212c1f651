using Bioproxy.Abstractions;
using Bioproxy.Host.Protocols.Ollama;

namespace Bioproxy.Host.Requests;

/// <summary>What the proxy does with a path.</summary>
/// <param name="Name">The label in metrics.</param>
/// <param name="IsGated">It occupies a slot, so it waits in the queue.</param>
/// <param name="Prompt">The shape of its prompt; null where plugins and the KV cache are not involved.</param>
/// <param name="CanPin">The backend honours <c>id_slot</c> there.</param>
/// <param name="TouchesState">It changes slots or adapters without the proxy's doing: what is known of them is void afterwards.</param>
/// <param name="ShowsProgress">The backend sends progress events there on request; elsewhere it ignores the request, or mixes them into
/// events of its own.</param>
/// <param name="ChangesModel">It changes what the KV state depends on, so conversations are saved before.</param>
/// <param name="Ollama">The call in Ollama's protocol; null for llama-server's own paths.</param>
internal sealed record Route(
    string Name,
    bool IsGated,
    PromptEndpoint? Prompt,
    bool CanPin,
    bool TouchesState = false,
    bool ShowsProgress = false,
    bool ChangesModel = false,
    OllamaCall? Ollama = null);
