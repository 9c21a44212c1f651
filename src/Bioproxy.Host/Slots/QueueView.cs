namespace Bioproxy.Host.Slots;

/// <summary>The queue at one moment.</summary>
internal readonly record struct QueueView(int Capacity, int Used, int InteractiveWaiting, int WarmUpWaiting, int InteractiveActive, int WarmUpActive);
