namespace Bioproxy.Benchmarks.Routing;

/// <summary>What the simulated time to a first token went to.</summary>
/// <param name="Waiting">Seconds in the queue.</param>
/// <param name="Saving">Seconds in which what the prompt displaced was saved.</param>
/// <param name="Restoring">Seconds in which a snapshot was read.</param>
/// <param name="Computing">Seconds of prefill.</param>
internal readonly record struct FirstToken(double Waiting, double Saving, double Restoring, double Computing)
{
    public double Seconds => Waiting + Saving + Restoring + Computing;

    /// <summary>The mean of each part.</summary>
    public static FirstToken Mean(IReadOnlyCollection<FirstToken> all) => new(
        all.Average(one => one.Waiting),
        all.Average(one => one.Saving),
        all.Average(one => one.Restoring),
        all.Average(one => one.Computing));
}
