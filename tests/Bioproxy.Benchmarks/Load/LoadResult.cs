using System.Globalization;

namespace Bioproxy.Benchmarks.Load;

/// <summary>One run of the load generator.</summary>
internal sealed record LoadResult(
    int Requests, int Errors, double Seconds, double MedianMicroseconds, double P99Microseconds, int Hot, int Restored, int Cold)
{
    public double PerSecond => Requests / Seconds;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture,
            $"{Requests} {Errors} {Seconds:R} {MedianMicroseconds:R} {P99Microseconds:R} {Hot} {Restored} {Cold}");

    public static LoadResult Parse(string line)
    {
        var part = line.Split(' ');
        return new(Int(0), Int(1), Real(2), Real(3), Real(4), Int(5), Int(6), Int(7));

        int Int(int at) => int.Parse(part[at], CultureInfo.InvariantCulture);

        double Real(int at) => double.Parse(part[at], CultureInfo.InvariantCulture);
    }
}
