using Bioproxy.Host;
using Bioproxy.Host.CommandLine;

var actions = new CommandActions(
    RunCommand.RunAsync,
    CheckCommand.RunAsync,
    DoctorCommand.RunAsync,
    KvCommand.RunAsync,
    PluginCommands.RunAsync,
    HealthCommand.RunAsync,
    MissesCommand.RunAsync,
    KeyCommand.NewAsync,
    SchemaCommand.RunAsync,
    ClusterCommand.RunAsync,
    InitCommand.RunAsync);
var exitCode = await CommandLineParser.InvokeAsync(args, actions, Console.Out, Console.Error);

// Not returned: a thread that a plugin left running would keep the process alive.
Environment.Exit(exitCode);
