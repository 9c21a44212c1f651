namespace Bioproxy.Benchmarks.Routing;

/// <summary>
/// A schedule that owes nothing to the traces: people who hold conversations for two days, pause between turns and between conversations,
/// go back a turn now and then, and take some conversations up again the next day. Pauses are log-normal. The same seed is the same
/// schedule.
/// </summary>
internal sealed class PeopleSchedule
{
    private const int People = 60;
    private const int Agents = 4;
    private const double Day = 86_400;
    private const double WorkingDay = 9 * 3600;

    private readonly Random _random = new(7);
    private readonly List<TraceRequest> _requests = [];
    private readonly int[][] _systems;
    private int _blocks;

    private PeopleSchedule() => _systems = [.. Enumerable.Range(0, Agents).Select(_ => New(_random.Next(4, 13)))];

    public static IReadOnlyList<TraceRequest> Make()
    {
        var schedule = new PeopleSchedule();
        for (var person = 0; person < People; person++)
            schedule.Live();
        return [.. schedule._requests.OrderBy(request => request.Seconds)];
    }

    private void Live()
    {
        var kept = new List<int[]>();
        for (var day = 0; day < 2; day++)
        {
            var begins = (day * Day) + (_random.NextDouble() * 7200);
            for (var now = begins; now < begins + WorkingDay; now += Pause(medianMinutes: 15, spread: 1.3))
            {
                var isOld = kept.Count > 0 && _random.NextDouble() < 0.25;
                int[] prompt = isOld ? kept[_random.Next(kept.Count)] : _systems[_random.Next(Agents)];
                (now, prompt) = Talk(now, prompt);
                kept.Add(prompt);
            }
        }
    }

    private (double Now, int[] Prompt) Talk(double now, int[] prompt)
    {
        var before = prompt;
        do
        {
            var isRegenerated = before.Length < prompt.Length && _random.NextDouble() < 0.1;
            before = isRegenerated ? before : prompt;
            prompt = [.. before, .. New(_random.Next(1, 5))];
            _requests.Add(new TraceRequest(now, _random.Next(20, 600), prompt));
            now += 15 + Pause(medianMinutes: 0.7, spread: 1.2);
        }
        while (prompt.Length < 64 && _random.NextDouble() < 0.85);
        return (now, prompt);
    }

    private int[] New(int count) => [.. Enumerable.Range(0, count).Select(_ => ++_blocks)];

    /// <summary>Seconds.</summary>
    private double Pause(double medianMinutes, double spread)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return 60 * medianMinutes * Math.Exp(spread * normal);
    }
}
