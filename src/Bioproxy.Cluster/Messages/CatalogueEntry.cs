namespace Bioproxy.Cluster.Messages;

/// <summary>Something that all proxies know: a snapshot's sidecar, a fingerprint's record, an operator's pin, what was learned of a
/// model.</summary>
[GenerateSerializer]
[Alias("bioproxy.entry")]
internal sealed class CatalogueEntry
{
    /// <summary>What it is and what it is called, as <c>snapshot/bioproxy-0a1b2c-0001.bin</c>.</summary>
    [Id(0)]
    public required string Key { get; init; }

    /// <summary>The JSON that the proxy keeps in its file; null when it has been removed.</summary>
    [Id(1)]
    public byte[]? Value { get; init; }

    /// <summary>When it was written or last used; the newer entry of a key wins.</summary>
    [Id(2)]
    public DateTimeOffset At { get; init; }
}
