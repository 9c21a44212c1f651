using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Models.Slots;

/// <summary>One answer of the slot list.</summary>
/// <param name="Verdict">What it says of the process.</param>
/// <param name="Rows">The list.</param>
internal sealed record PolledSlots(SlotVerdict Verdict, IReadOnlyList<SlotRow> Rows);
