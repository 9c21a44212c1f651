using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;

namespace Bioproxy.Host;

/// <summary><c>bioproxy doctor</c>: measures the running backends. Exit codes besides those of <see cref="Commands"/>: 3, it works, but a
/// change would make it better.</summary>
internal static class DoctorCommand
{
    public static async Task<int> RunAsync(ConfigurationInput input, BackendChoice choice, CancellationToken cancellationToken)
    {
        if (Commands.Load(input) is not { } options)
            return Commands.Misconfigured;
        var isProxyRunning = options.Pool is not null
            && await RunningProxy.AskAsync(options, HttpMethod.Get, "/status", cancellationToken) is not null;
        return await RunAsync(options, choice, isProxyRunning, Terminal.Standard, cancellationToken);
    }

    /// <param name="options">The configuration.</param>
    /// <param name="choice">What was named.</param>
    /// <param name="isProxyRunning">A proxy is running with this configuration: the models of its pool are its own.</param>
    /// <param name="terminal">The output.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<int> RunAsync(
        ProxyOptions options, BackendChoice choice, bool isProxyRunning, Terminal terminal, CancellationToken cancellationToken)
    {
        var (servers, problem) = choice.In(options);
        if (problem is not null)
            return await RefuseAsync(problem);
        var names = servers.Select(server => options.IsFleet ? server.Name : server.Url.ToString());
        terminal.WriteLine(
            $"Measuring {string.Join(", ", names)}. This occupies "
            + "slots of the running servers for seconds, or for minutes if a model is slow; a proxy that is using them is slowed down.");
        var round = new Round(options, choice, isProxyRunning, TimeProvider.System);
        var reports = new List<Report>();
        await foreach (var (name, address, report) in round.RunAsync(servers, cancellationToken))
        {
            terminal.WriteLine();
            if (options.IsFleet || name != BackendOptions.DefaultName)
                terminal.WriteLine($"{name}  ({address})");
            Print(report, terminal);
            reports.Add(report);
        }

        if (!round.HasFoundModel)
            return await RefuseAsync($"No router or llama-swap has a model named '{choice.Model}'. bioproxy check lists the models.");
        if (reports.Exists(report => report.Changes.Count > 0))
            terminal.WriteLine("Then run the doctor again: one change can reveal another.");
        return reports.Exists(report => report.ExitCode == Report.Broken) ? Report.Broken : reports.Max(report => report.ExitCode);
    }

    public static void Print(Report report, Terminal terminal)
    {
        terminal.Write(FindingsTable.Of(report.Findings.Select(finding => (Word(finding.Verdict), finding.What, finding.Text))));
        if (!report.IsMeasured)
            return;
        terminal.WriteLine();
        if (report.Changes.Count == 0)
        {
            terminal.WriteLine(report.ExitCode == 0 ? "Nothing to change." : "Nothing else to change.");
            return;
        }

        terminal.WriteLine("What to change:");
        var changes = PlainTable.WithoutHeader(2);
        for (var i = 0; i < report.Changes.Count; i++)
            changes.Add($"{i + 1}.", report.Changes[i]);
        terminal.Write(changes);
    }

    private static async Task<int> RefuseAsync(string problem)
    {
        await Console.Error.WriteLineAsync(problem);
        return CommandLineParser.WrongUsage;
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Slow => "slow",
        Verdict.Bad => "bad",
        _ => "info",
    };
}
