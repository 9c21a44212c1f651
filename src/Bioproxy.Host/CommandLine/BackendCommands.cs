using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy check</c> and <c>bioproxy doctor</c>: all backends, or the one of <c>--backend</c>.</summary>
internal static class BackendCommands
{
    public static Command Check(SettingOptions options, Func<ConfigurationInput, BackendChoice, CancellationToken, Task<int>> act)
    {
        var command = new Command("check", "Check the configuration, templates, plugins, the backends and the pool, and exit.");
        command.SetAction((result, token) =>
        {
            var (input, choice) = options.ReadChoice(result, model: null);
            return act(input, choice, token);
        });
        return command;
    }

    public static Command Doctor(SettingOptions options, Func<ConfigurationInput, BackendChoice, CancellationToken, Task<int>> act)
    {
        var model = new Option<string>("--model")
        {
            HelpName = "name",
            Description = "Load this model of a router or llama-swap and examine it alone.",
        };
        var command = new Command(
            "doctor",
            "Measure what the running llama-servers can do and report which flags to change. Occupies their slots for some seconds. "
            + "Starts and loads nothing: a model of the pool is started where --backend names it, a model of a server with several is "
            + "loaded where --model names it. "
            + "Exit code: 0 nothing to change, 1 something does not work or cannot be reached, 2 the configuration has mistakes, "
            + "3 it works, but a change would make it better.") { model };
        command.SetAction((result, token) =>
        {
            var (input, choice) = options.ReadChoice(result, result.GetValue(model));
            return act(input, choice, token);
        });
        return command;
    }
}
