namespace Bioproxy.Host.Dashboard.History;

/// <summary>Sums over some requests.</summary>
/// <param name="Requests">How many.</param>
/// <param name="Cached">Prompt tokens reused.</param>
/// <param name="Computed">Prompt tokens computed.</param>
/// <param name="Generated">Tokens generated.</param>
/// <param name="Saved">Seconds of prefill avoided.</param>
internal readonly record struct SavingsSum(long Requests, long Cached, long Computed, long Generated, double Saved)
{
    public static SavingsSum operator +(SavingsSum one, SavingsSum other) => new(
        one.Requests + other.Requests, one.Cached + other.Cached, one.Computed + other.Computed, one.Generated + other.Generated,
        one.Saved + other.Saved);
}
