using System.CommandLine;
using System.CommandLine.Invocation;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.CommandLine;

/// <summary>The command line: <c>bioproxy [options]</c> runs the proxy, its commands inspect one.</summary>
internal static class CommandLineParser
{
    /// <summary>The exit code for a command line that was not understood.</summary>
    public const int WrongUsage = 2;

    public static async Task<int> InvokeAsync(
        string[] args, CommandActions actions, TextWriter @out, TextWriter error, CancellationToken cancellationToken = default)
    {
        var options = new SettingOptions();
        var root = new RootCommand("A reverse proxy for llama-server that makes templated prompts and long conversations start at once.")
        {
            BackendCommands.Check(options, actions.Check),
            BackendCommands.Doctor(options, actions.Doctor),
            PluginsCommand.Make(options, actions.Plugins),
            KvCommands.Make(options, actions.Kv),
            HealthCommands.Make(options, actions.Health),
            MissesCommands.Make(options, actions.Misses),
            ClusterCommands.Make(options, actions.Cluster),
            KeyCommands.Make(actions.NewKey),
            SetupCommands.Init(options, actions.Init, actions.Run),
            SetupCommands.Schema(actions.Schema),
        };
        foreach (var option in options.All)
            root.Options.Add(option);
        root.SetAction((result, token) => actions.Run(options.Read(result), token));
        root.Options.OfType<VersionOption>().Single().Action = new ShowVersion();

        var parsed = Parse(root, args.Select(arg => SingleDash.Normalise(arg, root.Options)));
        var configuration = new InvocationConfiguration
        {
            Output = @out,
            Error = error,

            // The host handles Ctrl+C and SIGTERM itself, and drains for longer than the two seconds after which this library would end the
            // process.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        if (parsed.Action is not ParseErrorAction)
            return await parsed.InvokeAsync(configuration, cancellationToken);

        // The library's typo hints compare whole tokens: --prot=1 would resemble nothing.
        if (parsed.UnmatchedTokens.Any(token => token.Contains('=', StringComparison.Ordinal)))
            parsed = Parse(root, parsed.Tokens.Select(token => WithoutValue(token.Value, parsed.UnmatchedTokens)));
        await WriteMistakeAsync(parsed, error, cancellationToken);
        return WrongUsage;
    }

    private static ParseResult Parse(RootCommand root, IEnumerable<string> args) =>
        root.Parse([.. args], new ParserConfiguration { ResponseFileTokenReplacer = null });

    private static string WithoutValue(string token, IReadOnlyList<string> unmatched) =>
        unmatched.Contains(token) ? token.Split('=')[0] : token;

    private static async Task WriteMistakeAsync(ParseResult parsed, TextWriter error, CancellationToken cancellationToken)
    {
        if (parsed.Action is ParseErrorAction mistake)
            mistake.ShowHelp = false; // a page of help would hide the mistake
        await using var text = new StringWriter();
        await parsed.InvokeAsync(new InvocationConfiguration { Output = text, Error = text }, cancellationToken);
        await error.WriteLineAsync(text.ToString().Trim());
        await error.WriteLineAsync("bioproxy --help shows every option and command.");
    }

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"bioproxy {ProductVersion.Text}");
            return 0;
        }
    }
}
