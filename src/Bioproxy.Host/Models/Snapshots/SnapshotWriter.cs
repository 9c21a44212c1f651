using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Recognition;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Saves a slot as a snapshot. A new state never overwrites one in use: it gets a free name, its sidecar is written after the file, and
/// only then what it replaces is removed. So at no moment does a sidecar describe another file, and a crash costs the new state alone.
/// </summary>
internal sealed class SnapshotWriter(ModelContext context, InstanceBackend backend, ModelRecognition recognition)
{
    /// <summary>A finished save is worth waiting for the server's answer which process made it; batches of a minute were seen.</summary>
    private static readonly TimeSpan ProofLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ProofPause = TimeSpan.FromSeconds(2);

    /// <summary>Saves a template. The caller holds the slot's lease and knows that it holds exactly these tokens.</summary>
    /// <returns>The snapshot, or why there is none.</returns>
    public Task<SaveOutcome> SaveTemplateAsync(
        int slot, string trigger, int tokens, string tokensHash, PromptChain chain, CancellationToken cancellationToken) =>
        SavePrefixAsync(slot, tokens, tokensHash, chain, snapshot => snapshot with { Trigger = trigger }, cancellationToken);

    /// <summary>Saves a preamble. The caller holds the slot's lease and knows that it holds exactly these tokens.</summary>
    /// <returns>The snapshot, or why there is none.</returns>
    public async Task<SaveOutcome> SavePreambleAsync(
        int slot, string? domain, int tokens, string tokensHash, PromptChain chain, CancellationToken cancellationToken)
    {
        var budget = context.Snapshots.WriteBudget;
        if (!budget.Allows((long)(tokens * context.Rates.Now.BytesPerToken)))
            return SaveOutcome.Failed("enough was written within this hour (kv.max_write_per_hour)");
        var outcome = await SavePrefixAsync(
            slot, tokens, tokensHash, chain, snapshot => snapshot with { Domain = domain, IsPreamble = true }, cancellationToken)
            .ConfigureAwait(false);
        if (outcome.Snapshot is { } snapshot)
            budget.Wrote(snapshot.Bytes);
        return outcome;
    }

    /// <summary>Saves a conversation. The caller has borrowed the slot for it.</summary>
    /// <returns>The snapshot, or why there is none.</returns>
    public Task<SaveOutcome> SaveConversationAsync(int slot, SlotContent content, CancellationToken cancellationToken) =>
        SaveAsync(
            slot,
            (content.PromptTokens, content.Tokens + 1), // a stop word may or may not be evaluated
            (file, fingerprint, saved) => new Snapshot(
                file, "", fingerprint, saved.Tokens, "", saved.Bytes, context.Time.GetUtcNow(), content.Chain)
            {
                Place = context.Place,
                Domain = content.Domain,
                PromptTokens = content.PromptTokens,
                Turns = content.Turns,
                Replaces = content.Saved is { IsConversation: true } before ? before.File : null,
            },
            cancellationToken);

    /// <summary>Saves what the warm-up has computed.</summary>
    private Task<SaveOutcome> SavePrefixAsync(
        int slot, int tokens, string tokensHash, PromptChain chain, Func<Snapshot, Snapshot> owned, CancellationToken cancellationToken) =>
        SaveAsync(
            slot,
            (tokens, tokens),
            (file, fingerprint, saved) => owned(new Snapshot(
                file, "", fingerprint, tokens, tokensHash, saved.Bytes, context.Time.GetUtcNow(), chain)
            {
                Place = context.Place,
            }),
            cancellationToken);

    private async Task<SaveOutcome> SaveAsync(
        int slot,
        (int Least, int Most) tokens,
        Func<string, string, SlotFileResult, Snapshot> describe,
        CancellationToken cancellationToken)
    {
        if (recognition.Fingerprint is not { } fingerprint)
            return SaveOutcome.Failed("the model has not been recognised yet");
        var store = context.Snapshots;
        if (!store.MaySave)
            return SaveOutcome.Failed(store.SavingProblem ?? "nothing could be saved");
        var file = store.TakeName();
        Snapshot? made = null;
        try
        {
            var started = context.Time.GetTimestamp();
            var answer = await backend.Api.SaveAsync(slot, file, cancellationToken).ConfigureAwait(false);
            if (answer.Value is not { } saved)
            {
                if (answer.IsUnreachable)
                    backend.Suspect($"a save lost its connection: {answer.Problem}");
                return SaveOutcome.Failed(answer.Problem ?? "the backend did not save");
            }

            if (saved.Tokens < tokens.Least || saved.Tokens > tokens.Most)
                return SaveOutcome.Failed($"the slot held {saved.Tokens} tokens instead of {tokens.Least}: the file {file} is not used")
                    with
                { IsContradicted = true };
            var elapsed = context.Time.GetElapsedTime(started);
            if (await CheckProcessAsync(cancellationToken).ConfigureAwait(false) is not (ProcessCheck.Same or ProcessCheck.Unknown))
                return SaveOutcome.Failed("it could not be shown that the server which saved it is the one that was recognised");
            store.Protect(file, context.Place);
            var snapshot = describe(file, fingerprint, saved);
            store.Add(snapshot);
            made = snapshot;
            context.Metrics.Saved(snapshot.Label, elapsed);
            context.Rates.Saved(saved.Tokens, saved.Bytes, (saved.Duration > TimeSpan.Zero ? saved.Duration : elapsed).TotalSeconds);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SaveOutcome.Failed($"its description could not be written: {e.Message} (state_directory)");
        }
        finally
        {
            if (made is null)
                store.Discard(file, context.Place);
        }

        return new SaveOutcome(made, null);
    }

    /// <summary>Silence proves nothing, and the work is done: the question is repeated while the instance lives.</summary>
    private async Task<ProcessCheck> CheckProcessAsync(CancellationToken cancellationToken)
    {
        var started = context.Time.GetTimestamp();
        while (true)
        {
            var check = await backend.CheckProcessAsync(cancellationToken).ConfigureAwait(false);
            if (check != ProcessCheck.NoAnswer || context.Time.GetElapsedTime(started) > ProofLimit)
                return check;
            await Task.Delay(ProofPause, context.Time, cancellationToken).ConfigureAwait(false);
        }
    }
}
