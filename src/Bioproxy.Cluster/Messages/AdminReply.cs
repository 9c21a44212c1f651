namespace Bioproxy.Cluster.Messages;

/// <summary>The answer to an <see cref="AdminRequest"/>.</summary>
[GenerateSerializer]
[Alias("bioproxy.admin-reply")]
internal sealed class AdminReply
{
    /// <summary>The HTTP status.</summary>
    [Id(0)]
    public int Status { get; init; }

    [Id(1)]
    public string? ContentType { get; init; }

    [Id(2)]
    public byte[] Body { get; init; } = [];
}
