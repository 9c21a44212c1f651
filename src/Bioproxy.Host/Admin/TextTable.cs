using System.Text;

namespace Bioproxy.Host.Admin;

/// <summary>A table for a terminal: columns that line up, two spaces apart.</summary>
/// <param name="heads">The columns' names.</param>
/// <param name="sides">For each column l or r.</param>
internal sealed class TextTable(string[] heads, string sides)
{
    private readonly List<(string[]? Cells, string Line)> _rows = [(heads, "")];

    /// <param name="cells">As many as there are heads.</param>
    public TextTable Add(string[] cells)
    {
        _rows.Add((cells, ""));
        return this;
    }

    public TextTable AddAll(IEnumerable<string[]> rows)
    {
        foreach (var row in rows)
            Add(row);
        return this;
    }

    /// <summary>A line that the columns do not care about.</summary>
    public void AddLine(string line) => _rows.Add((null, line));

    public override string ToString()
    {
        var widths = heads.Select((_, column) => _rows.Max(row => row.Cells?[column].Length ?? 0)).ToArray();
        var text = new StringBuilder();
        foreach (var (cells, line) in _rows)
            text.AppendLine(cells is null ? line : string.Join("  ", cells.Select((cell, column) => sides[column] == 'l' ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        return text.ToString();
    }
}
