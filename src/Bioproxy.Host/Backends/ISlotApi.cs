using System.Text.Json.Nodes;

namespace Bioproxy.Host.Backends;

/// <summary>Control calls to exactly one model. Failures are values; only the caller's own cancelling is thrown. Each call but
/// the evaluations is bounded in time.</summary>
internal interface ISlotApi
{
    /// <summary>The slot list. It waits behind a running batch.</summary>
    Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken);

    /// <summary>Saves what a slot holds under a file name. A slot number that does not exist is taken modulo the number of slots.</summary>
    Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken);

    /// <summary>Loads a file into a slot. A file that cannot be loaded leaves the slot empty.</summary>
    Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken);

    /// <returns>Whether the slot is empty now.</returns>
    Task<bool> EraseAsync(int slot, CancellationToken cancellationToken);

    /// <summary>The exact text the model gets for a chat body.</summary>
    Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken);

    /// <summary>The tokens of a rendered prompt, as a chat request gets them.</summary>
    Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken);

    /// <summary>The log-probabilities of the first token after a fixed prompt, computed without any cache: a fingerprint of the
    /// weights.</summary>
    Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(string prompt, int count, CancellationToken cancellationToken);

    /// <summary>
    /// Evaluates tokens in a slot and generates nothing. Streamed with progress, the only form whose cancelling the server
    /// notices within one batch; cancel the token to stop, what was computed stays in the slot.
    /// </summary>
    /// <param name="tokens">The prompt.</param>
    /// <param name="slot">The slot to use, or null to let the server choose.</param>
    /// <param name="mayReuse">The server may continue from what it holds; false computes every token.</param>
    /// <param name="progress">Called with (cached, processed, total) tokens after every batch.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        int[] tokens, int? slot, bool mayReuse, Action<int, int, int> progress, CancellationToken cancellationToken);

    /// <summary>Evaluates a chat, pictures among it, which no tokens describe. The server generates one token at most.</summary>
    /// <param name="chat">The body of a chat completion; members are added.</param>
    /// <param name="slot">The slot to use, or null to let the server choose.</param>
    /// <param name="mayReuse">The server may continue from what it holds; false computes everything.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    Task<BackendAnswer<EvaluationResult>> EvaluateChatAsync(
        JsonObject chat, int? slot, bool mayReuse, CancellationToken cancellationToken);
}
