using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy kv …</c></summary>
internal static class KvCommands
{
    public static Command Make(SettingOptions options, Func<ConfigurationInput, KvRequest, CancellationToken, Task<int>> act)
    {
        var list = new Command("list", "List all snapshots, the most recently used first.");
        list.SetAction((result, token) => act(options.Read(result), new KvRequest("list"), token));

        var shown = new Argument<string>("file") { Description = "The snapshot's file, as shown in the list." };
        var show = new Command("show", "Show all details of one snapshot.") { shown };
        show.SetAction((result, token) => act(options.Read(result), new KvRequest("show", result.GetValue(shown)), token));

        var dryRun = new Option<bool>("--dry-run") { Description = "Only report what would be removed." };
        var gc = new Command("gc", "Remove what exceeds the limits of the configuration (kv.max_age_days, kv.max_bytes and others).")
        {
            dryRun,
        };
        gc.SetAction((result, token) =>
            act(options.Read(result), new KvRequest("gc", IsDryRun: result.GetValue(dryRun)), token));

        return new Command("kv", "Inspect and clean up saved KV states (snapshots).") { list, show, Drop(options, act), gc };
    }

    private static Command Drop(SettingOptions options, Func<ConfigurationInput, KvRequest, CancellationToken, Task<int>> act)
    {
        var file = new Argument<string>("file")
        {
            Description = "The snapshot's file, as shown in the list.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var domain = new Option<string>("--domain")
        {
            HelpName = "domain",
            Description = "All snapshots of one isolation domain: its name in the list, the API key, or the value of the domain header.",
        };
        var drop = new Command("drop", "Remove one snapshot and its file, or all snapshots of a domain.") { file, domain };
        drop.Validators.Add(result =>
        {
            if (result.GetValue(file) is null == result.GetValue(domain) is null)
                result.AddError("Name either one file or a --domain.");
        });
        drop.SetAction((result, token) =>
            act(options.Read(result), new KvRequest("drop", result.GetValue(file), result.GetValue(domain)), token));
        return drop;
    }
}
