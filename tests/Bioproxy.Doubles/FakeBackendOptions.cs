namespace Bioproxy.Doubles;

/// <summary>What kind of server a <see cref="FakeBackend"/> plays.</summary>
internal sealed record FakeBackendOptions
{
    /// <summary>
    /// Number of slots. 0 plays another kind of server: no <c>/props</c>, no slots, no timings, and any number of requests at once.
    /// </summary>
    public int Slots { get; init; } = 2;

    /// <summary>Started with <c>--slot-save-path</c>.</summary>
    public bool CanSave { get; init; } = true;

    /// <summary>False: started with <c>--no-slots</c>.</summary>
    public bool HasSlots { get; init; } = true;

    /// <summary>Started without <c>-np</c>: idle slots are emptied when another starts.</summary>
    public bool UnifiedKv { get; init; }

    /// <summary>Prompts that were displaced come back by themselves, except when a request is pinned to an empty slot.</summary>
    public bool RamCache { get; init; }

    /// <summary>Plays a llama-server in router mode with its one model loaded: <c>/props</c> says so, and calls have to name the
    /// model.</summary>
    public bool IsRouter { get; init; }

    /// <summary>Plays a llama-swap.</summary>
    public bool IsLlamaSwap { get; init; }

    /// <summary>Plays an Ollama server with these models (with <see cref="Slots"/> 0).</summary>
    public IReadOnlyList<string>? OllamaModels { get; init; }

    /// <summary>The one model of a llama-swap is loaded.</summary>
    public bool IsLoaded { get; init; }

    /// <summary>False: an older build without <c>media_marker</c>.</summary>
    public bool HasMarker { get; init; } = true;

    /// <summary>The metrics page; null for a server that was started without <c>--metrics</c>.</summary>
    public string? Metrics { get; init; }

    public string Model { get; init; } = "fake-model";

    public string BuildInfo { get; init; } = "b1-fake";

    /// <summary>Decides every answer and every log-probability.</summary>
    public int WeightsSeed { get; init; } = 1;

    public int ContextPerSlot { get; init; } = 32768;

    /// <summary>Tokens of a batch: the steps of <c>prompt_progress</c>.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>Tokens of an answer, unless the request asks for fewer.</summary>
    public int AnswerTokens { get; init; } = 4;

    /// <summary>Required everywhere except in <c>/health</c> and <c>/v1/models</c>.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Keeps saved slots as files in this folder; null keeps them in memory.</summary>
    public string? SlotSavePath { get; init; }

    /// <summary>The server closes a connection after this many requests.</summary>
    public int MaxRequestsPerConnection { get; init; } = 100;
}
