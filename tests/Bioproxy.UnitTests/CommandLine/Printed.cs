using Bioproxy.Host.CommandLine;
using Spectre.Console.Rendering;

namespace Bioproxy.UnitTests.CommandLine;

/// <summary>What a command prints when its output is redirected.</summary>
internal static class Printed
{
    public static string[] Lines(IRenderable content, int width = Terminal.Unlimited, bool hasColour = false)
    {
        using var output = new StringWriter();
        new Terminal(output, width, hasColour).Write(content);
        return output.ToString().TrimEnd().Split(Environment.NewLine);
    }
}
