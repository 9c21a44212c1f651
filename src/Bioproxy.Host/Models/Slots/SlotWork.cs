using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>One piece of work under way on the backend, from its placement to its settling. Owned by <see cref="SlotTable"/>.</summary>
internal sealed class SlotWork
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal SlotWork(int? slot, PromptChain? chain, int weight, long begun)
    {
        Slot = slot;
        Chain = chain;
        Weight = weight;
        Begun = begun;
        Place = slot is null ? new WorkPlace() : null;
    }

    /// <summary>The pinned slot; null when the backend chose.</summary>
    public int? Slot { get; }

    public PromptChain? Chain { get; }

    /// <summary>How many slots it occupies.</summary>
    public int Weight { get; }

    /// <summary>The part of the prompt, from 0 to 1, that the plan left to the backend's RAM cache.</summary>
    public double ExpectedFromRam { get; init; }

    /// <summary>Unpinned work for which a slot was prepared: until the backend has begun it, nothing else begins.</summary>
    internal bool ExpectsSlot { get; init; }

    internal long Begun { get; }

    /// <summary>Pinned work: the backend has begun it. Unpinned work: its slot was counted in a poll of the slot list.</summary>
    internal bool IsPlaced { get; set; }

    /// <summary>When the first byte of unpinned work came.</summary>
    internal long Started { get; set; } = long.MaxValue;

    /// <summary>Where it runs, if it is unpinned.</summary>
    internal WorkPlace? Place { get; }

    /// <summary>The unpinned works that ran beside it.</summary>
    internal List<WorkPlace> Rivals { get; } = [];

    /// <summary>Unpinned work whose slot is known.</summary>
    internal bool IsAttributed => Place is { Slot: not null };

    internal bool IsEnded { get; private set; }

    /// <summary>Background work of the proxy's own: a warm-up, which is asked to stop when a user comes, or a save.</summary>
    public bool IsOwn { get; init; }

    /// <summary>Completes when the work has ended, or its table was retired.</summary>
    public Task WhenEnded => _ended.Task;

    internal void SetEnded()
    {
        IsEnded = true;
        _ended.TrySetResult();
    }

    internal long Ended { get; set; }

    /// <summary>What the slot holds once the work has ended; null when that is unknown.</summary>
    internal SlotContent? Result { get; set; }

    /// <summary>Tokens its slot holds after the end, as reported by the answer.</summary>
    internal int? HeldTokens { get; set; }
}
