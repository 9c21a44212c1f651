namespace Bioproxy.Abstractions;

/// <summary>How urgent a request is.</summary>
public enum PromptLane
{
    /// <summary>A user waits for the answer.</summary>
    Interactive,

    /// <summary>Bulk work; it waits until no interactive request does.</summary>
    Batch,
}
