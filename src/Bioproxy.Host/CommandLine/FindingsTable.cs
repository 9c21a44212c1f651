using Spectre.Console;

namespace Bioproxy.Host.CommandLine;

/// <summary>The results of checks: a verdict, what it concerns, and an explanation.</summary>
internal static class FindingsTable
{
    public static Table Of(IEnumerable<(string Verdict, string What, string Text)> findings)
    {
        var table = PlainTable.WithoutHeader(3);
        table.Columns[0].NoWrap = true;
        table.Columns[1].NoWrap = true;
        foreach (var (verdict, what, text) in findings)
            table.AddRow(new Text(verdict, new Style(Colour(verdict))), new Text(what), new Text(text));
        return table;
    }

    private static Color Colour(string verdict) => verdict switch
    {
        "ok" => Color.Green,
        "FAILED" or "bad" => Color.Red,
        "slow" => Color.Yellow,
        _ => Color.Grey,
    };
}
