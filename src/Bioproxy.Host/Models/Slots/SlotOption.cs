namespace Bioproxy.Host.Models.Slots;

/// <summary>A slot as a plan sees it: a free one, or one that will be as soon as it is saved.</summary>
/// <param name="Id">The slot.</param>
/// <param name="IsEmpty">It holds nothing.</param>
/// <param name="Shared">Tokens of the prompt's prefix that it is known to hold.</param>
/// <param name="Held">Tokens it holds.</param>
/// <param name="IsWhole">Its whole content is a prefix of the prompt: it is continued and nothing is lost.</param>
/// <param name="EvictionCost">Seconds; see <see cref="Slots.EvictionCost"/>.</param>
/// <param name="RollBackCost">The part of it that is paid when the slot is rolled back to what it shares.</param>
/// <param name="SaveCost">Seconds that saving it first costs; infinite when it may not or need not be saved.</param>
/// <param name="LastUsed">Counts up with every use of a slot.</param>
internal readonly record struct SlotOption(
    int Id,
    bool IsEmpty,
    double Shared,
    double Held,
    bool IsWhole,
    double EvictionCost,
    double RollBackCost,
    double SaveCost,
    long LastUsed)
{
    /// <summary>It is saved first whatever that costs.</summary>
    public bool MustBeSaved { get; init; }

    /// <summary>It is being saved: a prompt may wait for it, nothing else may take it.</summary>
    public bool IsBeingSaved { get; init; }

    /// <summary>What it holds will not be asked for again: the answer to a side request, or what this prompt replaces.</summary>
    public bool IsSpent { get; init; }
}
