using System.CommandLine;

namespace Bioproxy.Host.CommandLine;

/// <summary>Accepts <c>-port 8080</c> and <c>-port=8080</c> for options with two dashes. Done before parsing: aliases would double every
/// line of the help.</summary>
internal static class SingleDash
{
    public static string Normalise(string argument, IEnumerable<Option> options)
    {
        if (!argument.StartsWith('-') || argument.StartsWith("--", StringComparison.Ordinal))
            return argument;

        var name = argument.Split('=', ':')[0];
        return options.Any(option => option.Name == $"-{name}") ? $"-{argument}" : argument;
    }
}
