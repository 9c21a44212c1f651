using Bioproxy.Host.CommandLine;

namespace Bioproxy.UnitTests.CommandLine;

public sealed class TerminalTests
{
    private static readonly (string, string, string)[] Findings =
    [
        ("ok", "backend", "it answers"),
        ("FAILED", "plugin [red]x[/]", string.Join(' ', Enumerable.Repeat("word", 100))),
    ];

    [Fact]
    public void Write_Redirected_IsOneUncolouredLineARow() => Assert.Equal(
        ["ok      backend           it answers", $"FAILED  plugin [red]x[/]  {Findings[1].Item3}"],
        Printed.Lines(FindingsTable.Of(Findings)));

    [Fact]
    public void Write_NarrowTerminal_WrapsInsideTheColumn()
    {
        var lines = Printed.Lines(FindingsTable.Of(Findings), width: 60);

        Assert.True(lines.Length > 3);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 60));
        Assert.All(lines[2..], line => Assert.StartsWith(new string(' ', 26) + "word", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Write_Colour_OnlyTheVerdictIsColoured()
    {
        var line = Printed.Lines(FindingsTable.Of(Findings[..1]), hasColour: true)[0];

        Assert.StartsWith("\e[", line, StringComparison.Ordinal);
        Assert.EndsWith("backend  it answers", line, StringComparison.Ordinal);
    }
}
