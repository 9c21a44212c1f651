using System.CommandLine;
using System.CommandLine.Invocation;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.CommandLine;

/// <summary>The command line: <c>bioproxy [options]</c> runs, <c>check</c> only looks at the configuration, <c>doctor</c> at what the backend can do.</summary>
internal static class CommandLineParser
{
    /// <summary>The exit code for a command line that was not understood.</summary>
    public const int WrongUsage = 2;

    public static async Task<int> InvokeAsync(
        string[] args,
        CommandActions actions,
        TextWriter @out,
        TextWriter error,
        CancellationToken cancellationToken = default)
    {
        var config = new Option<string>("--config")
        {
            HelpName = "file",
            Description = "The configuration file. [default: ~/.config/bioproxy/config.json]",
            Recursive = true,
        };
        var settings = ConfigurationKeys.All.Where(key => key.Option is not null).ToDictionary(key => key.Name, Setting);
        var root = new RootCommand("A reverse proxy in front of llama-server that makes templated prompts start at once.") { config };
        foreach (var option in settings.Values)
            root.Options.Add(option);

        var checkCommand = new Command("check", "Read the configuration, report every mistake in it, and exit.");
        var doctorCommand = new Command(
            "doctor",
            "Try on the live llama-server what the proxy relies on, measure it, and say which flags to change. Takes its slots for some seconds. "
            + "Exit code: 0 all is well, 1 something does not work or cannot be reached, 2 the configuration has mistakes, 3 it works but a change would bring something.");
        root.Subcommands.Add(checkCommand);
        root.Subcommands.Add(doctorCommand);
        root.Subcommands.Add(Plugins((request, result, token) => actions.Plugins(InputFrom(result), request, token)));
        root.Subcommands.Add(Kv((request, result, token) => actions.Kv(InputFrom(result), request, token)));
        root.SetAction((result, token) => actions.Run(InputFrom(result), token));
        checkCommand.SetAction((result, token) => actions.Check(InputFrom(result), token));
        doctorCommand.SetAction((result, token) => actions.Doctor(InputFrom(result), token));
        root.Options.OfType<VersionOption>().Single().Action = new ShowVersion();

        var parsed = root.Parse([.. args.Select(arg => SingleDash.Normalise(arg, root.Options))], new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            await WrongUsageText.WriteAsync(parsed, error);
            return WrongUsage;
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = @out,
                Error = error,

                // The host handles Ctrl+C and SIGTERM itself, and drains for longer than the two seconds after which this library would end the process.
                ProcessTerminationTimeout = null,
                EnableDefaultExceptionHandler = false,
            },
            cancellationToken);

        ConfigurationInput InputFrom(ParseResult result) => new()
        {
            ConfigPath = result.GetValue(config),
            Overrides = settings
                .Select(setting => (setting.Key, Text: result.GetValue(setting.Value)))
                .Where(setting => setting.Text is not null)
                .ToDictionary(setting => setting.Key, setting => setting.Text!),
        };
    }

    private static Command Kv(Func<KvRequest, ParseResult, CancellationToken, Task<int>> act)
    {
        var list = new Command("list", "All snapshots, the most recently used first.");
        list.SetAction((result, token) => act(new KvRequest("list"), result, token));

        var shown = new Argument<string>("file") { Description = "The snapshot's file, as the list shows it." };
        var show = new Command("show", "All that is known of one snapshot.") { shown };
        show.SetAction((result, token) => act(new KvRequest("show", result.GetValue(shown)), result, token));

        var dropped = new Argument<string>("file") { Description = "The snapshot's file.", Arity = ArgumentArity.ZeroOrOne };
        var domain = new Option<string>("--domain") { HelpName = "domain", Description = "All snapshots of one isolation domain: its name in the list, the API key, or the value of the domain header." };
        var drop = new Command("drop", "Remove a snapshot and its file, or all of a domain.") { dropped, domain };
        drop.Validators.Add(result =>
        {
            if (result.GetValue(dropped) is null == result.GetValue(domain) is null)
                result.AddError("Name one file, or a --domain.");
        });
        drop.SetAction((result, token) => act(new KvRequest("drop", result.GetValue(dropped), result.GetValue(domain)), result, token));

        var dryRun = new Option<bool>("--dry-run") { Description = "Only tell what would be removed." };
        var gc = new Command("gc", "Remove what is over the limits of the configuration (kv.max_age_days, kv.max_bytes and others).") { dryRun };
        gc.SetAction((result, token) => act(new KvRequest("gc", IsDryRun: result.GetValue(dryRun)), result, token));

        return new Command("kv", "Look at saved KV states, and clean up.") { list, show, drop, gc };
    }

    private static Command Plugins(Func<PluginsRequest, ParseResult, CancellationToken, Task<int>> act)
    {
        var list = new Command("list", "The plugins of the running proxy, with what they export and what went wrong; where none runs, those in the plugin folders.");
        list.SetAction((result, token) => act(new PluginsRequest("list"), result, token));

        var folder = new Argument<string>("folder") { Description = "A plugin's folder, its single DLL, or a folder of plugins." };
        var check = new Command(
            "check",
            "Load a plugin as the proxy would, start, stop and unload it, and say what is wrong with it. "
            + "Exit code: 0 all is well, 1 something FAILED, 2 wrong usage or a mistake in the configuration.") { folder };
        check.SetAction((result, token) => act(new PluginsRequest("check", result.GetValue(folder)), result, token));

        return new Command("plugins", "Look at plugins, and try one before the proxy loads it.") { list, check };
    }

    // Texts, whatever the setting's type: a bad value is reported in one list with the mistakes of the file.
    private static Option<string> Setting(ConfigurationKey key) => new(key.Option!)
    {
        HelpName = key.OptionValue,
        Description = key.OptionHelp,
        Recursive = true,
    };

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"bioproxy {ProductVersion.Text}");
            return 0;
        }
    }
}
