using Bioproxy.Host.Backends;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary><c>bioproxy doctor</c>: measures the running backend. Exit codes besides those of <see cref="Commands"/>: 3, it works, but a
/// change would make it better.</summary>
internal static class DoctorCommand
{
    public static async Task<int> RunAsync(ConfigurationInput input, CancellationToken cancellationToken)
    {
        if (Commands.Load(input) is not { } options)
            return Commands.Misconfigured;
        var terminal = Terminal.Standard;
        terminal.WriteLine(
            $"Measuring {options.BackendUrl}. This occupies slots of the running server for seconds, or for minutes if its model is slow; "
            + "a proxy that is using the server is slowed down.");
        terminal.WriteLine();
        using var backend = BackendsServices.Make(
            options.AllBackends[0], options, TimeProvider.System, NullLogger<BackendMonitor>.Instance);
        var examination = new Examination(backend.Driver.Slots!, backend.Monitor, options, TimeProvider.System);
        var report = Diagnosis.Of(await examination.RunAsync(cancellationToken));
        Print(report, terminal);
        return report.ExitCode;
    }

    public static void Print(Report report, Terminal terminal)
    {
        terminal.Write(FindingsTable.Of(report.Findings.Select(finding => (Word(finding.Verdict), finding.What, finding.Text))));
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
        terminal.WriteLine("Then run the doctor again: one change can reveal another.");
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Slow => "slow",
        Verdict.Bad => "bad",
        _ => "info",
    };
}
