using Bioproxy.Host;
using Bioproxy.Host.CommandLine;

var exitCode = await CommandLineParser.InvokeAsync(args, new CommandActions(Commands.RunAsync, Commands.CheckAsync, Commands.DoctorAsync, Commands.KvAsync, PluginCommands.RunAsync), Console.Out, Console.Error);

// Not returned: a thread that a plugin left running would keep the process.
Environment.Exit(exitCode);
