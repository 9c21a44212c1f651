namespace Bioproxy.Host.Backends;

/// <summary>The backend as last found. Immutable; every change is a new object, and two objects are two different states even when they
/// look alike: what was known under one is not valid under the other.</summary>
internal sealed class BackendState(BackendStatus status, BackendFacts? facts, string? problem)
{
    public static BackendState NotAsked { get; } = new(BackendStatus.Unknown, null, "not asked yet");

    public BackendStatus Status => status;

    /// <summary>What it told; null unless ready.</summary>
    public BackendFacts? Facts => facts;

    /// <summary>Why it is not ready, or what is missing, for people.</summary>
    public string? Problem => problem;

    /// <summary>Whether its slots can be scheduled: a llama-server with a model that shows its slots.</summary>
    public bool HasSlots =>
        status == BackendStatus.Ready && facts is { IsLlamaServer: true, IsRouter: false, CanReadSlots: true, TotalSlots: not null };

    public override string ToString() => $"{status} {problem}";
}
