using System.Globalization;

namespace Bioproxy.Demo;

/// <summary>The demo's results: how long the first token took, and why.</summary>
internal static class DemoTable
{
    public static void Print(params IEnumerable<(string What, Answer Answer)> rows)
    {
        Console.WriteLine();
        Row("", "time to first token", "reused (cache_n)", "computed (prompt_n)");
        foreach (var (what, answer) in rows)
            Row(what, Seconds(answer.FirstToken), Number(answer.Reused), Number(answer.Computed));
        Console.WriteLine();
    }

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Min(1, share):P1}");

    public static string Times(Answer slow, Answer fast) =>
        string.Create(CultureInfo.InvariantCulture, $"{slow.FirstToken / fast.FirstToken:0} times sooner");

    private static void Row(string what, string time, string reused, string computed) =>
        Console.WriteLine($"{what,-40}{time,20}{reused,20}{computed,22}");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} s");

    private static string Number(int tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);
}
