using Bioproxy.Host.Backends;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Tells which model this is: what the backend says of it must be the same as before, and the log-probabilities of the first
/// token after a fixed prompt must agree. A file of the same name and shape with other weights restores without an error and
/// answers wrongly, so names are not enough.
/// </summary>
internal sealed partial class Identifier
{
    /// <summary>
    /// Fifty-odd characters, so that the probe fits any batch size: splitting the same prompt into batches moved a value by
    /// 0.06, other weights by 4 and more, a quantised KV cache by 0.2 (measured with random weights).
    /// </summary>
    private const string Prompt = "Bioproxy asks: the quick brown fox jumps over 13 lazy";

    public const double Tolerance = 0.1;
    private const int Probabilities = 64;

    private readonly LlamaClient _client;
    private readonly StateFolder _folder;
    private readonly TimeProvider _time;
    private readonly ILogger<Identifier> _logger;
    private readonly List<IdentityRecord> _known = [];

    public Identifier(LlamaClient client, StateFolder folder, TimeProvider time, ILogger<Identifier> logger)
    {
        _client = client;
        _folder = folder;
        _time = time;
        _logger = logger;
    }

    public void Load()
    {
        _folder.Create();
        foreach (var path in Directory.EnumerateFiles(_folder.Identities, "*.json"))
        {
            try
            {
                if (StateFolder.Read(path, StateJson.Default.IdentityRecord) is { } record)
                    _known.Add(record);
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or IOException or UnauthorizedAccessException)
            {
                LogBroken(path, e.Message);
            }
        }
    }

    /// <summary>Probes the backend, which occupies one slot; the caller holds a lease. Null when it did not answer.</summary>
    public async Task<IdentityRecord?> IdentifyAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        var probe = await _client.ProbeAsync(Prompt, Probabilities, cancellationToken).ConfigureAwait(false);
        if (probe.Value is { } found)
            return Match(facts.Fingerprint, found);
        LogProbeFailed(probe.Problem ?? "no answer");
        return null;
    }

    private IdentityRecord Match(string fingerprint, IReadOnlyDictionary<int, double> probe)
    {
        var known = _known.Find(r => r.Fingerprint == fingerprint && Agrees(r.Probe, probe));
        if (known is not null)
            return known;
        var sibling = _known.Find(r => r.Fingerprint == fingerprint);
        var record = new IdentityRecord { Id = Guid.NewGuid().ToString("n")[..8], Fingerprint = fingerprint, Created = _time.GetUtcNow(), Probe = probe.ToDictionary() };
        _known.Add(record);
        StateFolder.Write(Path.Combine(_folder.Identities, record.Id + ".json"), record, StateJson.Default.IdentityRecord);
        if (sibling is not null)
            LogOtherWeights(sibling.Id, record.Id);
        return record;
    }

    /// <summary>Whether two probes are of the same weights: nine tenths of the tokens in common, none further apart than the tolerance.</summary>
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

    [LoggerMessage(LogLevel.Warning, "The identity file {Path} cannot be read ({Reason}); its snapshots will not be used.")]
    private partial void LogBroken(string path, string reason);

    [LoggerMessage(LogLevel.Warning, "The logit probe failed ({Reason}): snapshots are neither used nor made until it succeeds.")]
    private partial void LogProbeFailed(string reason);

    [LoggerMessage(LogLevel.Warning, "The model looks like identity {Old} but computes differently: other weights. It is identity {New}; snapshots of the other are not used.")]
    private partial void LogOtherWeights(string old, string @new);
}
