using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy misses</c></summary>
internal static class MissesCommands
{
    private const int Shown = 10;

    public static Command Make(SettingOptions options, Func<ConfigurationInput, int, CancellationToken, Task<int>> act)
    {
        var last = new Option<int>("--last")
        {
            HelpName = "number",
            Description = "How many of the last misses are listed, 100 at most.",
            DefaultValueFactory = _ => Shown,
        };
        last.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out var number) && number < 0)
                result.AddError("--last is a number from 0.");
        });
        var misses = new Command("misses", "Show what was computed again though it had been computed before, by client and cause.")
        {
            last,
        };
        misses.SetAction((result, token) => act(options.Read(result), result.GetValue(last), token));
        return misses;
    }
}
