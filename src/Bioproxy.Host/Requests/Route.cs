using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Protocols.Ollama;

namespace Bioproxy.Host.Requests;

/// <summary>What the proxy does with a path.</summary>
/// <param name="Name">The label in metrics.</param>
/// <param name="IsGated">It occupies a slot, so it waits in the queue.</param>
/// <param name="Prompt">The shape of its prompt; null where plugins are not involved. Without a slot it is only counted or rendered, as it
/// would be sent.</param>
/// <param name="CanPin">The backend honours <c>id_slot</c> there.</param>
/// <param name="TouchesState">It changes slots or adapters without the proxy's doing: what is known of them is void afterwards.</param>
/// <param name="ShowsProgress">The backend sends progress events there on request; elsewhere it ignores the request, or mixes them into
/// events of its own.</param>
/// <param name="ChangesModel">It changes what the KV state depends on, so conversations are saved before.</param>
/// <param name="Ollama">The call in Ollama's protocol; null for llama-server's own paths.</param>
/// <param name="Form">Where its body has the prompt.</param>
internal sealed record Route(
    string Name,
    bool IsGated,
    PromptEndpoint? Prompt,
    bool CanPin,
    bool TouchesState = false,
    bool ShowsProgress = false,
    bool ChangesModel = false,
    OllamaCall? Ollama = null,
    PromptForm Form = PromptForm.Usual)
{
    /// <summary>The protocol of its errors.</summary>
    public ErrorForm Errors => Prompt switch
    {
        PromptEndpoint.Messages => ErrorForm.Anthropic,
        PromptEndpoint.Responses => ErrorForm.Responses,
        _ => Name is "completion" or "infill" or "tokenize" or "apply_template" ? ErrorForm.LlamaServer : ErrorForm.OpenAi,
    };
}
