using Bioproxy.Host;
using Bioproxy.Host.CommandLine;

return await CommandLineParser.InvokeAsync(args, new CommandActions(Commands.RunAsync, Commands.CheckAsync, Commands.DoctorAsync, Commands.KvAsync, PluginCommands.RunAsync), Console.Out, Console.Error);
