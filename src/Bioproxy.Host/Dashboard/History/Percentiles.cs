namespace Bioproxy.Host.Dashboard.History;

/// <summary>How times are spread, in seconds; null without any.</summary>
internal readonly record struct Percentiles(int Count, double? Median, double? Ninety, double? NinetyNine)
{
    public static Percentiles Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0
            ? default
            : new(sorted.Length, At(0.5), At(0.9), At(0.99));

        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}
