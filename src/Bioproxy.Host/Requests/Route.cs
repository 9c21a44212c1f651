using Bioproxy.Abstractions;

namespace Bioproxy.Host.Requests;

/// <summary>What the proxy does with a path.</summary>
/// <param name="Name">The label in metrics.</param>
/// <param name="IsGated">It occupies a slot: it goes through the queue.</param>
/// <param name="Prompt">The shape of its prompt; null where plugins and KV cache have no part.</param>
/// <param name="CanPin">The backend honours <c>id_slot</c> there.</param>
/// <param name="TouchesState">It changes slots or adapters behind our back: what is believed of them ends with it.</param>
/// <param name="ShowsProgress">The backend writes progress events there when it is asked to; elsewhere it ignores the wish, or weaves them
/// into events of its own.</param>
/// <param name="ChangesModel">What is saved before it is of another model than what comes after.</param>
internal sealed record Route(string Name, bool IsGated, PromptEndpoint? Prompt, bool CanPin, bool TouchesState = false, bool ShowsProgress = false, bool ChangesModel = false);
