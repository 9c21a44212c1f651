using Bioproxy.Host.Telemetry;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Bioproxy.Host.CommandLine;

/// <summary>Where commands print their tables. A terminal's width and colours are used; redirected output has no colours and is never
/// wrapped, so that scripts find one row on one line.</summary>
internal sealed class Terminal(TextWriter output, int width, bool hasColour)
{
    /// <summary>Wide enough for any row.</summary>
    public const int Unlimited = 10_000;

    private const int Narrowest = 40;

    public static Terminal Standard => new(
        Console.Out,
        Console.IsOutputRedirected ? Unlimited : Math.Max(Narrowest, Console.WindowWidth),
        TerminalColour.IsWanted);

    /// <summary>The terminal when it is its output; any other output is treated as redirected.</summary>
    public static Terminal For(TextWriter output) => output == Console.Out ? Standard : new(output, Unlimited, hasColour: false);

    public void WriteLine(string text = "") => output.WriteLine(text);

    public void Write(IRenderable content)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = hasColour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = hasColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = width;
        console.Write(content);

        // The library fills every cell up, the last of a row too.
        foreach (var line in text.ToString().AsSpan().TrimEnd().EnumerateLines())
            output.WriteLine(line.TrimEnd());
    }
}
