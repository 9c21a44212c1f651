using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy init</c> and <c>bioproxy schema</c>: how a configuration begins, and what it may contain.</summary>
internal static class SetupCommands
{
    public static Command Init(
        SettingOptions options,
        Func<ConfigurationInput, bool, CancellationToken, Task<int>> act,
        Func<ConfigurationInput, CancellationToken, Task<int>> run)
    {
        var starts = new Option<bool>("--run") { Description = "Then run the proxy." };
        var yes = new Option<bool>("--yes") { Description = "Ask nothing: take what is found, and the defaults." };
        var command = new Command(
            "init",
            "Look for a running llama-server, llama-swap or Ollama, ask three questions, and write a commented configuration. A file that "
            + "exists is never overwritten.") { yes, starts };
        command.SetAction(async (result, token) =>
        {
            var input = options.Read(result);
            var code = await act(input, result.GetValue(yes), token);
            return code == 0 && result.GetValue(starts) ? await run(input, token) : code;
        });
        return command;
    }

    public static Command Schema(Func<CancellationToken, Task<int>> act)
    {
        var command = new Command("schema", "Print the JSON schema of the configuration, for \"$schema\" and editors.");
        command.SetAction((_, token) => act(token));
        return command;
    }
}
