namespace Bioproxy.Host.Pool;

/// <summary>One model as others see it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Address">Where it answers; null unless it is ready or stopping.</param>
/// <param name="Since">When the state began.</param>
/// <param name="Memory">What it needs when loaded, in bytes; null when not known.</param>
/// <param name="Leases">How many leases are held.</param>
/// <param name="Problem">Why it failed last; null after it became ready.</param>
internal sealed record PoolModelStatus(
    string Name, PoolModelState State, Uri? Address, DateTimeOffset Since, long? Memory, int Leases, string? Problem)
{
    public int? Port => Address?.Port;
}
