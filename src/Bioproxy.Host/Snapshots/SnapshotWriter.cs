using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Snapshots;

/// <summary>
/// Saves a slot as a snapshot of a template. Each template of a model has two file names that take turns: the new version never
/// overwrites the one in use, and disk use is bounded though llama-server cannot delete. The sidecar of a name is removed before
/// its file is written and written after it was, so at no moment does a sidecar describe another file.
/// </summary>
internal sealed partial class SnapshotWriter(
    LlamaClient client, BackendMonitor monitor, ModelRecognition recognition, SnapshotCatalogue catalogue, ProxyOptions options, ProxyMetrics metrics, TimeProvider time, ILogger<SnapshotWriter> logger)
{
    private readonly ILogger<SnapshotWriter> _logger = logger;

    /// <summary>Saves what a slot holds. The caller holds the slot's lease and knows that it holds exactly these tokens.</summary>
    /// <returns>The snapshot, or why there is none.</returns>
    public async Task<(Snapshot? Snapshot, string? Problem)> SaveAsync(BackendState state, int slot, string prefix, int tokens, string tokensHash, PromptChain chain, CancellationToken cancellationToken)
    {
        if (recognition.Identity(state.Epoch) is not { } identity)
            return (null, "the model is not recognised yet");
        var siblings = catalogue.All.Where(s => s.Identity == identity && s.Prefix == prefix).ToList();
        var name = $"bioproxy-{identity}-{LlamaClient.Hash(prefix)[..8]}";
        var file = siblings.Exists(s => s.File == name + "-a.bin") ? name + "-b.bin" : name + "-a.bin";
        catalogue.Remove(file);
        var started = time.GetTimestamp();
        var answer = await client.SaveAsync(slot, file, cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } saved)
        {
            if (answer.IsUnreachable)
                monitor.Suspect(state.Epoch, $"a save got no answer: {answer.Problem}");
            return (null, answer.Problem ?? "the backend did not save");
        }

        if (saved.Tokens != tokens)
            return (null, $"the slot held {saved.Tokens} tokens instead of {tokens}: the file {file} is not used");
        if (monitor.State.Epoch != state.Epoch || await monitor.IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false) == false)
            return (null, "the backend was replaced while saving");
        var snapshot = new Snapshot(file, prefix, identity, tokens, tokensHash, saved.Bytes, time.GetUtcNow(), chain);
        catalogue.Add(snapshot);
        metrics.Saved(prefix, time.GetElapsedTime(started));
        foreach (var old in siblings)
            Retire(old);
        return (snapshot, null);
    }

    /// <summary>Forgets an old version, and deletes its file where the proxy can reach it; elsewhere its name is used again by the next version.</summary>
    private void Retire(Snapshot snapshot)
    {
        try
        {
            catalogue.Remove(snapshot.File);
            if (options.KvDirectory is { } directory)
                File.Delete(Path.Combine(directory, snapshot.File));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotDelete(snapshot.File, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The old snapshot {File} could not be deleted: {Reason}")]
    private partial void LogCannotDelete(string file, string reason);
}
