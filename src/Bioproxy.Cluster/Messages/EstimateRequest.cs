namespace Bioproxy.Cluster.Messages;

/// <summary>Asks what a prompt would meet at a model now.</summary>
[GenerateSerializer]
[Alias("bioproxy.estimate-request")]
internal sealed class EstimateRequest
{
    /// <summary>As in <see cref="TurnRequest.Model"/>.</summary>
    [Id(0)]
    public string? Model { get; init; }

    [Id(1)]
    public int Lane { get; init; }

    [Id(2)]
    public int Weight { get; init; } = 1;

    [Id(3)]
    public PromptMessage? Prompt { get; init; }

    [Id(4)]
    public string? Domain { get; init; }
}
