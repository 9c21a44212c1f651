namespace Bioproxy.Benchmarks.Report;

/// <summary>Collects results, reports each as it comes, and prints all of them as one table at the end.</summary>
internal sealed class ResultTable
{
    private readonly List<Result> _results = [];

    public bool AreAllGoalsMet => _results.TrueForAll(r => r.IsMet != false);

    public void Add(string name, string measured) => Add(new Result(name, measured));

    public void Add(string name, string measured, string goal, bool isMet) => Add(new Result(name, measured, goal, isMet));

    public static void Say(string what) => Console.Error.WriteLine($"  … {what}");

    public void Print()
    {
        var rows = _results.Select(r => new[] { r.Name, r.Measured, r.Goal,
            r.IsMet switch { true => "met", false => "MISSED", null => "" } }).Prepend(["name", "measured", "goal", "verdict"]).ToList();
        var widths = Enumerable.Range(0, 4).Select(column => rows.Max(row => row[column].Length)).ToArray();
        rows.Insert(1, [.. widths.Select(width => new string('-', width))]);
        foreach (var row in rows)
            Console.WriteLine($"| {string.Join(" | ", row.Select((cell, column) => cell.PadRight(widths[column])))} |");
    }

    private void Add(Result result)
    {
        _results.Add(result);
        Say($"{result.Name}: {result.Measured}");
    }
}
