using Bioproxy.Host;
using Bioproxy.Host.CommandLine;

return await CommandLineParser.InvokeAsync(args, Commands.RunAsync, Commands.CheckAsync, Commands.DoctorAsync, Console.Out, Console.Error);
