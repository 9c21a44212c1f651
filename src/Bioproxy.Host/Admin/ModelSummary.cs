namespace Bioproxy.Host.Admin;

/// <summary>What a backend reported about itself and its model.</summary>
internal sealed record ModelSummary
{
    public bool IsLlamaServer { get; init; }
    public bool IsRouter { get; init; }
    public string? Alias { get; init; }
    public string? Path { get; init; }
    public string? Type { get; init; }
    public string? Build { get; init; }
    public int? Slots { get; init; }
    public int? ContextPerSlot { get; init; }
    public bool CanReadSlots { get; init; }
    public bool CanSaveSlots { get; init; }

    /// <summary>The server empties idle slots whenever another slot starts (a unified KV cache).</summary>
    public bool ClearsIdleSlots { get; init; }

    /// <summary>What the full service lacks, in a sentence that names the flag; null when nothing is missing.</summary>
    public string? Missing { get; init; }

    public string? Name => Alias ?? Path;
}
