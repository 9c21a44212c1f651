namespace Bioproxy.Host.Backends;

/// <summary>One model at a <see cref="SwapGate"/>, which guards it with its lock.</summary>
internal sealed class SwapModel(string name)
{
    public string Name => name;

    public SwapState State { get; set; }

    /// <summary>Requests that were let through and have not ended.</summary>
    public int Requests { get; set; }

    /// <summary>Control calls under way.</summary>
    public int Calls { get; set; }

    /// <summary>Counts up with every request that ends; the model with the lowest was unused the longest.</summary>
    public long LastUsed { get; set; }

    /// <summary>A request for another model has waited too long: no further ones are let through.</summary>
    public bool IsClosed { get; set; }

    /// <summary>It was being loaded when its last request ended.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Callers that wait for it to be unloaded; no request is let through meanwhile.</summary>
    public List<TaskCompletionSource> Unloaders { get; } = [];

    public LoadTime LoadTime { get; } = new();

    public ISwapListener? Listener { get; set; }

    /// <summary>Cancelled when it has to leave; a new one for every stay.</summary>
    public CancellationTokenSource Leaving { get; set; } = new();

    /// <summary>Completes when the last control call has ended; set by who waits for that.</summary>
    public TaskCompletionSource? Quiet { get; set; }

    public bool HasRoom => State is SwapState.Coming or SwapState.Here or SwapState.Leaving;

    public bool IsOpen => State is SwapState.Coming or SwapState.Here && !IsClosed && Unloaders.Count == 0;
}
