namespace Bioproxy.Abstractions;

/// <summary>How urgent a request is.</summary>
public enum PromptLane
{
    /// <summary>Somebody waits for the answer.</summary>
    Interactive,

    /// <summary>Bulk work: it waits until nobody else does.</summary>
    Batch,
}
