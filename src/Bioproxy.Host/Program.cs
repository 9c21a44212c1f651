using Bioproxy.Host;
using Bioproxy.Host.CommandLine;

return await CommandLineParser.InvokeAsync(args, new CommandActions(Commands.RunAsync, Commands.CheckAsync, Commands.DoctorAsync, Commands.KvAsync), Console.Out, Console.Error);
