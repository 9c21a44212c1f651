using Spectre.Console;

namespace Bioproxy.Host.CommandLine;

/// <summary>Tables without borders: columns that line up, two spaces apart.</summary>
internal static class PlainTable
{
    public static Table Of(params IReadOnlyList<TableColumn> columns)
    {
        var table = new Table { Border = TableBorder.None };
        table.AddColumns([.. columns]);
        return table;
    }

    /// <summary>A table of as many columns, without a header.</summary>
    public static Table WithoutHeader(int columns)
    {
        var table = Of([.. Enumerable.Range(0, columns).Select(_ => Left(""))]);
        table.ShowHeaders = false;
        return table;
    }

    /// <summary>A column of texts.</summary>
    public static TableColumn Left(string name) => Column(name, Justify.Left);

    /// <summary>A column of numbers.</summary>
    public static TableColumn Right(string name) => Column(name, Justify.Right);

    /// <summary>Adds a row of texts, which are printed as they are.</summary>
    public static void Add(this Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(cell => new Text(cell)));

    private static TableColumn Column(string name, Justify alignment) =>
        new(new Text(name, new Style(decoration: Decoration.Bold))) { Alignment = alignment, Padding = new Padding(0, 0, 2, 0) };
}
