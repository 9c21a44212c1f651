using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>The state of a <see cref="SlotTable"/>: slots, works under way, and what has left a known slot. Guarded by its lock.</summary>
internal sealed class SlotKnowledge(int count, DomainsSeen domains)
{
    public SlotState[] Slots { get; } = [.. Enumerable.Range(0, count).Select(id => new SlotState(id))];

    public List<SlotWork> Works { get; } = [];

    public RamCacheModel Ram { get; } = new();

    public LostContents Lost { get; } = new();

    public DomainsSeen Domains => domains;

    public bool ClearsIdleSlots { get; set; }

    /// <summary>The slot list has been read, so use by others before us has been seen.</summary>
    public bool HasPolled { get; set; }

    /// <summary>The server holds, or held, content that no work of this proxy explains: it ran before the proxy did, or a client bypasses
    /// the proxy. It is never forgotten, because the server's RAM cache does not forget either.</summary>
    public bool HasSeenForeign { get; set; }

    /// <summary>The time of the next event: a count, not a clock.</summary>
    public long Now { get; private set; }

    /// <summary>How many slots the unpinned works under way occupy.</summary>
    public int UnpinnedWeight => Works.Where(w => w is { IsEnded: false, Slot: null }).Sum(w => w.Weight);

    /// <summary>Unpinned work has ended, and no poll has shown yet which slot it used.</summary>
    public bool HasUnseenResults => Works.Exists(w => w is { IsEnded: true, IsAttributed: false });

    public long Tick() => Now++;

    /// <summary>The server displaced what the slot held, and put it into its RAM cache.</summary>
    public void Displace(SlotState slot)
    {
        Ram.Add(slot.Content ?? slot.Disputed);
        slot.Empty();
    }

    /// <summary>Work that was not completed leaves its slot with what it held before, or with a part of the work's prompt.</summary>
    public void Lose(SlotState slot, PromptChain? chain)
    {
        Lost.Add(slot.Content);
        if (chain is not null)
            Lost.Add(new SlotContent(chain, 1, IsSaved: false));
        slot.BecomeUnknown(isForeign: chain is null || slot is { IsUnknown: true, IsForeign: true });
    }
}
