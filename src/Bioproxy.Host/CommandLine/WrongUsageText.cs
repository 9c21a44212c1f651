using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary>What a person reads after a slip on the command line: the slip itself, not a page of help above or below it.</summary>
internal static class WrongUsageText
{
    public static async Task WriteAsync(ParseResult parsed, TextWriter error)
    {
        var root = parsed.RootCommandResult.Command;
        var names = root.Options.Select(option => option.Name).Concat(root.Subcommands.Select(command => command.Name)).ToDictionary(Spelling);
        foreach (var mistake in parsed.Errors)
            await error.WriteLineAsync($"bioproxy: {mistake.Message}");

        foreach (var token in parsed.UnmatchedTokens)
        {
            if (NearestName.Find(Spelling(token), names) is { } name)
                await error.WriteLineAsync($"bioproxy: did you mean {name}?");
        }

        await error.WriteLineAsync("bioproxy --help shows every option.");
    }

    private static string Spelling(string name) => name.TrimStart('-').Split('=')[0].Replace('-', '_');
}
