namespace Bioproxy.Host.Models.Slots;

/// <summary>How long answers take on average, on all servers.</summary>
/// <param name="assumed">Seconds that are assumed before any request has ended.</param>
internal sealed class AnswerTimes(double assumed = 5)
{
    /// <summary>As many say how long they take; older ones hardly count.</summary>
    public const int Many = 50;

    /// <summary>The assumption counts as much as this many answers, because the first to end are the shortest of those that have
    /// begun.</summary>
    private const int AssumptionCounts = 10;

    private readonly Lock _lock = new();
    private double _mean = assumed; // written under the lock
    private int _count = AssumptionCounts;

    /// <summary>Seconds.</summary>
    public double Mean => Volatile.Read(ref _mean);

    public void Add(double seconds)
    {
        lock (_lock)
            Volatile.Write(ref _mean, Next(_mean, seconds, ++_count));
    }

    /// <summary>The average after one more. Lengths of answers vary as much as their mean, so that an average of the last ten would be
    /// wrong by a third: of several servers the one whose average is wrong downwards would seem to be free soonest.</summary>
    public static double Next(double mean, double newest, int count) => mean + ((newest - mean) / Math.Min(count, Many));
}
