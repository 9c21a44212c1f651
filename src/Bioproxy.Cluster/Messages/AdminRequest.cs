namespace Bioproxy.Cluster.Messages;

/// <summary>What a proxy asks of another's admin listener for a page that it serves. It carries no header, cookie or key: who may ask was
/// decided where the page is served.</summary>
[GenerateSerializer]
[Alias("bioproxy.admin-request")]
internal sealed class AdminRequest
{
    /// <summary>The proxy that asks.</summary>
    [Id(0)]
    public required string Proxy { get; init; }

    [Id(1)]
    public required string Method { get; init; }

    /// <summary>Without escapes.</summary>
    [Id(2)]
    public required string Path { get; init; }

    /// <summary>With its question mark; empty for none.</summary>
    [Id(3)]
    public string Query { get; init; } = "";

    [Id(4)]
    public string? ContentType { get; init; }

    [Id(5)]
    public byte[] Body { get; init; } = [];
}
