using Bioproxy.Host.Backends;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Finds the fingerprint of the loaded model: what the backend reports must be the same as before, and the log-probabilities of the first
/// token after a fixed prompt must agree. A file of the same name and shape with other weights restores without an error and answers
/// wrongly, so names are not enough.
/// </summary>
internal sealed partial class FingerprintProbe(StateFolder folder, TimeProvider time, ILogger<FingerprintProbe> logger)
{
    /// <summary>
    /// Fifty-odd characters, so that the probe fits any batch size: splitting the same prompt into batches moved a value by
    /// 0.06, other weights by 4 and more, a quantised KV cache by 0.2 (measured with random weights).
    /// </summary>
    private const string Prompt = "Bioproxy asks: the quick brown fox jumps over 13 lazy";

    public const double Tolerance = 0.1;
    private const int Probabilities = 64;

    private readonly Lock _lock = new();
    private readonly ILogger<FingerprintProbe> _logger = logger;
    private readonly List<FingerprintRecord> _known = [];

    /// <summary>Called when this proxy met a model that it did not know; without a lock.</summary>
    public Action<FingerprintRecord>? Found { get; set; }

    /// <summary>The models that are known.</summary>
    public IReadOnlyList<FingerprintRecord> Known
    {
        get
        {
            lock (_lock)
                return [.. _known];
        }
    }

    /// <summary>Reads the known fingerprints.</summary>
    public void Load()
    {
        folder.Create();
        foreach (var path in Directory.EnumerateFiles(folder.Fingerprints, "*.json"))
        {
            try
            {
                if (StateFolder.Read(path, StateJson.Default.FingerprintRecord) is not { } record)
                    continue;
                lock (_lock)
                    _known.Add(record);
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or IOException or UnauthorizedAccessException)
            {
                LogBroken(path, e.Message);
            }
        }
    }

    /// <summary>Probes the backend, which occupies one slot; the caller holds a lease. Null when it did not answer.</summary>
    public async Task<FingerprintRecord?> ProbeAsync(ISlotApi api, BackendFacts facts, CancellationToken cancellationToken)
    {
        var answer = await api.ProbeAsync(Prompt, Probabilities, cancellationToken).ConfigureAwait(false);
        if (answer.Value is not { } probe)
        {
            LogProbeFailed(answer.Problem ?? "no answer");
            return null;
        }

        var (record, sibling, isNew) = Match(facts.Fingerprint, probe);
        if (sibling is not null)
            LogOtherWeights(sibling.Id, record.Id);
        if (isNew)
            Found?.Invoke(record);
        return record;
    }

    /// <summary>Another proxy has met a model. What is in use keeps its name: see <see cref="FingerprintClasses"/>.</summary>
    /// <returns>Whether that is news.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public bool Merge(FingerprintRecord record)
    {
        lock (_lock)
        {
            if (_known.Exists(one => one.Id == record.Id))
                return false;
            _known.Add(record);
            Write(record);
            return true;
        }
    }

    /// <returns>The record, the oldest that fits, and where it is new one that differs only in its probe.</returns>
    private (FingerprintRecord Record, FingerprintRecord? Sibling, bool IsNew) Match(string facts, IReadOnlyDictionary<int, double> probe)
    {
        lock (_lock)
        {
            if (FingerprintClasses.Ordered(_known.Where(r => r.Facts == facts && Agrees(r.Probe, probe))).FirstOrDefault() is { } known)
                return (known, null, false);
            var sibling = _known.Find(r => r.Facts == facts);
            var record = new FingerprintRecord
            {
                Id = Guid.NewGuid().ToString("n")[..8],
                Facts = facts,
                Created = time.GetUtcNow(),
                Probe = probe.ToDictionary(),
            };
            Write(record);
            _known.Add(record);
            return (record, sibling, true);
        }
    }

    private void Write(FingerprintRecord record) =>
        StateFolder.Write(Path.Combine(folder.Fingerprints, record.Id + ".json"), record, StateJson.Default.FingerprintRecord);

    /// <summary>Whether two probes are of the same weights: nine tenths of the tokens in common, none further apart than allowed.</summary>
    public static bool Agrees(IReadOnlyDictionary<int, double> a, IReadOnlyDictionary<int, double> b)
    {
        var common = 0;
        foreach (var (token, value) in a)
        {
            if (!b.TryGetValue(token, out var other))
                continue;
            common++;
            if (!(Math.Abs(value - other) <= Tolerance))
                return false;
        }

        return common > 0 && common * 10 >= Math.Max(a.Count, b.Count) * 9;
    }

    [LoggerMessage(LogLevel.Warning,
        "The fingerprint file {Path} cannot be read ({Reason}); snapshots of that fingerprint will not be used.")]
    private partial void LogBroken(string path, string reason);

    [LoggerMessage(LogLevel.Warning, "The logit probe failed ({Reason}): snapshots are neither used nor saved until it succeeds.")]
    private partial void LogProbeFailed(string reason);

    [LoggerMessage(LogLevel.Warning,
        "The model reports the same facts as fingerprint {Old} but its probabilities differ: other weights. "
        + "Its fingerprint is {New}; snapshots of {Old} are not used.")]
    private partial void LogOtherWeights(string old, string @new);
}
