namespace Bioproxy.Host.Models.Slots;

/// <summary>What a request finds at a <see cref="SlotQueue"/>.</summary>
/// <param name="WaitSeconds">Expected wait: what remains of the work under way, and the work of those who wait before it.</param>
/// <param name="BusySeconds">Seconds that a slot was at work in the last minutes on average, or has to be for what is here already.</param>
internal readonly record struct QueueOutlook(double WaitSeconds, double BusySeconds);
