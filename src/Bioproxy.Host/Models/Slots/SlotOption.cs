namespace Bioproxy.Host.Models.Slots;

/// <summary>A free slot as a plan sees it.</summary>
/// <param name="Id">The slot.</param>
/// <param name="IsEmpty">It holds nothing.</param>
/// <param name="Shared">Tokens at the prompt's beginning that it is known to hold.</param>
/// <param name="Held">Tokens it holds.</param>
/// <param name="IsWhole">Its whole content is the prompt's beginning: it is continued and nothing is lost.</param>
/// <param name="Loss">Seconds expected to be lost with its content; see <see cref="Worth"/>.</param>
/// <param name="LossBeyond">The part of it that is lost when the slot goes back to what it shares.</param>
/// <param name="SaveCost">Seconds that saving it first costs; infinite when it may not or need not be saved.</param>
/// <param name="LastUsed">Counts up with every use of a slot.</param>
internal readonly record struct SlotOption(int Id, bool IsEmpty, double Shared, double Held, bool IsWhole, double Loss, double LossBeyond, double SaveCost, long LastUsed);
