using System.Globalization;

namespace Bioproxy.IntegrationTests.Soak;

/// <summary>What a process has at one moment.</summary>
/// <param name="Seconds">Since the beginning.</param>
/// <param name="Memory">Resident bytes.</param>
/// <param name="Handles">Open files, sockets and pipes.</param>
/// <param name="Threads">Threads.</param>
internal sealed record SoakSample(double Seconds, long Memory, int Handles, int Threads)
{
    public static SoakSample Of(int process, double seconds)
    {
        var status = File.ReadAllLines($"/proc/{process}/status");
        return new SoakSample(
            seconds, Value("VmRSS:") * 1024, Directory.GetFileSystemEntries($"/proc/{process}/fd").Length, (int)Value("Threads:"));

        long Value(string name) => long.Parse(
            status.Single(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Split("kB")[0],
            NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture);
    }

    /// <summary>By how much a value grows within a minute, by the line that fits best.</summary>
    public static double GrowthPerMinute(IReadOnlyList<SoakSample> samples, Func<SoakSample, double> value)
    {
        var (x, y) = (samples.Average(static one => one.Seconds), samples.Average(value));
        var spread = samples.Sum(one => (one.Seconds - x) * (one.Seconds - x));
        return spread == 0 ? 0 : 60 * samples.Sum(one => (one.Seconds - x) * (value(one) - y)) / spread;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Seconds,6:0} s  {Memory / 1e6,6:0.0} MB  {Handles,4} handles  {Threads,3} threads");
}
