using Bioproxy.Host.Backends;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Saves a slot as a snapshot. A new state never overwrites one in use: it gets a free name, its sidecar is written after the file, and
/// only then what it replaces is removed. So at no moment does a sidecar describe another file, and a crash costs the new state alone.
/// </summary>
internal sealed class SnapshotWriter(
    LlamaClient client, BackendMonitor monitor, ModelRecognition recognition, SnapshotStore store, LearnedRates rates, ProxyMetrics metrics, TimeProvider time)
{
    /// <summary>Saves a template. The caller holds the slot's lease and knows that it holds exactly these tokens.</summary>
    /// <returns>The snapshot, or why there is none.</returns>
    public Task<SaveOutcome> SaveTemplateAsync(BackendState state, int slot, string prefix, int tokens, string tokensHash, PromptChain chain, CancellationToken cancellationToken) =>
        SaveAsync(
            state, slot, (tokens, tokens), (file, identity, saved) => new Snapshot(file, prefix, identity, tokens, tokensHash, saved.Bytes, time.GetUtcNow(), chain), cancellationToken);

    /// <summary>Saves a conversation. The caller has taken the slot for it.</summary>
    /// <returns>The snapshot, or why there is none.</returns>
    public Task<SaveOutcome> SaveConversationAsync(BackendState state, int slot, SlotContent content, CancellationToken cancellationToken) =>
        SaveAsync(
            state,
            slot,
            (content.PromptTokens, content.Tokens + 1), // a stop word may or may not be evaluated
            (file, identity, saved) => new Snapshot(file, "", identity, saved.Tokens, "", saved.Bytes, time.GetUtcNow(), content.Chain) 
            {
                Domain = content.Domain,
                PromptTokens = content.PromptTokens,
                Turns = content.Turns,
                Replaces = content.Saved is { IsConversation: true } before ? before.File : null,
            },
            cancellationToken);

    private async Task<SaveOutcome> SaveAsync(
        BackendState state, int slot, (int Least, int Most) tokens, Func<string, string, SlotFileResult, Snapshot> describe, CancellationToken cancellationToken)
    {
        if (recognition.Identity(state.Epoch) is not { } identity)
            return SaveOutcome.Failed("the model is not recognised yet");
        var file = store.TakeName();
        Snapshot? made = null;
        try
        {
            var started = time.GetTimestamp();
            var answer = await client.SaveAsync(slot, file, cancellationToken).ConfigureAwait(false);
            if (answer.Value is not { } saved)
            {
                if (answer.IsUnreachable)
                    monitor.Suspect(state.Epoch, $"a save got no answer: {answer.Problem}");
                return SaveOutcome.Failed(answer.Problem ?? "the backend did not save");
            }

            if (saved.Tokens < tokens.Least || saved.Tokens > tokens.Most)
                return SaveOutcome.Failed($"the slot held {saved.Tokens} tokens instead of {tokens.Least}: the file {file} is not used") with { IsContradicted = true };
            if (monitor.State.Epoch != state.Epoch || await monitor.IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false) == false)
                return SaveOutcome.Failed("the backend was replaced while saving");
            store.Protect(file);
            var snapshot = describe(file, identity, saved);
            store.Add(snapshot);
            made = snapshot;
            var elapsed = time.GetElapsedTime(started);
            metrics.Saved(snapshot.Label, elapsed);
            rates.Saved(saved.Tokens, saved.Bytes, (saved.Duration > TimeSpan.Zero ? saved.Duration : elapsed).TotalSeconds);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SaveOutcome.Failed($"its description could not be written: {e.Message} (state_directory)");
        }
        finally
        {
            if (made is null)
                store.Discard(file);
        }

        return new SaveOutcome(made, null);
    }
}
