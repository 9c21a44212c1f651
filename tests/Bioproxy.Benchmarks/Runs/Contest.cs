using System.Globalization;
using Bioproxy.Benchmarks.Load;
using Bioproxy.Benchmarks.Report;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// The samples of one mix at one number of connections: a list per contestant, in which the same position is the same round.
/// </summary>
internal sealed class Contest
{
    private readonly Dictionary<string, List<Sample>> _samples = new(StringComparer.Ordinal);

    public IReadOnlyList<Sample> Of(string contestant) => _samples[contestant];

    public bool Has(string contestant) => _samples.ContainsKey(contestant);

    public int Errors => _samples.Values.Sum(list => list.Sum(sample => sample.Load.Errors));

    /// <summary>All contestants in turns, each round beginning with another one: noise of the machine affects all of them.</summary>
    public static async Task<Contest> HoldAsync(
        ChildProcess load, IReadOnlyList<Contestant> contestants, ContestOptions options, CancellationToken cancellationToken)
    {
        var contest = new Contest();
        foreach (var contestant in contestants)
            contest._samples.Add(contestant.Name, []);
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var i = 0; i < contestants.Count; i++)
            {
                var contestant = contestants[(round + i) % contestants.Count];
                contest._samples[contestant.Name].Add(await AskAsync(load, contestant, options, cancellationToken));
            }
        }

        return contest;
    }

    /// <summary>One turn of one contestant.</summary>
    public static async Task<Sample> AskAsync(
        ChildProcess load, Contestant contestant, ContestOptions options, CancellationToken cancellationToken)
    {
        var before = contestant.Process.ProcessorTime;
        var order = string.Create(
            CultureInfo.InvariantCulture,
                $"run {contestant.Port} {options.Connections} {options.Turn.TotalMilliseconds:0} {(int)options.Mix}");
        var line = await load.AskAsync(order, cancellationToken);
        return new Sample(LoadResult.Parse(line), contestant.Process.ProcessorTime - before);
    }

    public double PerSecond(string contestant) => Median(contestant, sample => sample.Load.PerSecond);

    public double Microseconds(string contestant) => Median(contestant, sample => sample.Load.MedianMicroseconds);

    public double P99(string contestant) => Median(contestant, sample => sample.Load.P99Microseconds);

    public double ProcessorMicroseconds(string contestant) =>
        Median(contestant, sample => sample.ProcessorTime.TotalMicroseconds / Math.Max(1, sample.Load.Requests));

    /// <summary>The median over the rounds of one contestant's throughput against another's.</summary>
    public double Ratio(string contestant, string other) =>
        Statistics.Median(_samples[contestant].Zip(_samples[other], (one, two) => one.Load.PerSecond / two.Load.PerSecond));

    /// <summary>The median over the rounds of the latency that one contestant adds to another's.</summary>
    public double Added(string contestant, string other) =>
        Statistics.Median(
            _samples[contestant].Zip(_samples[other], (one, two) => one.Load.MedianMicroseconds - two.Load.MedianMicroseconds));

    /// <summary>Percent of a contestant's requests.</summary>
    public double Share(string contestant, Func<LoadResult, int> count) =>
        100.0 * _samples[contestant].Sum(sample => count(sample.Load)) / Math.Max(
            1, _samples[contestant].Sum(sample => sample.Load.Requests));

    private double Median(string contestant, Func<Sample, double> value) => Statistics.Median(_samples[contestant].Select(value));
}
