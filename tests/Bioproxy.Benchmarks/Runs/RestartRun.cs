using System.Globalization;
using System.Text.RegularExpressions;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>The demo: a template of 4,000 tokens asked cold, and through the proxy after a restart of the real llama-server.</summary>
internal static partial class RestartRun
{
    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var demo = Path.Combine(RepositoryFolder.Root!, "tests", "Bioproxy.Demo", "bin", configuration, "net10.0", "Bioproxy.Demo.dll");
        ResultTable.Say("restart: the demo runs, a minute …");
        await using var process = ChildProcess.Start("dotnet", [demo, "--once"]);
        var found = new List<(double Seconds, string Tokens)>();
        while (found.Count < 2)
        {
            var row = Row().Match(await process.ReadLineAsync(cancellationToken));
            if (row.Success)
                found.Add((double.Parse(row.Groups["seconds"].Value, CultureInfo.InvariantCulture),
                    $"{row.Groups["reused"].Value} tokens reused, {row.Groups["computed"].Value} computed"));
        }

        await process.WaitForExitAsync(cancellationToken); // if it were killed, its server and its proxy would stay
        var ratio = found[0].Seconds / found[1].Seconds;
        table.Add(
            "restart: time to first token, restored against cold",
            string.Create(CultureInfo.InvariantCulture,
                $"{ratio:0.0} times sooner ({found[1].Seconds:0.000} s of {found[0].Seconds:0.000} s; {found[1].Tokens})"),
            ">= 20 times",
            ratio >= 20);
    }

    [GeneratedRegex(@"^(llama-server alone|bioproxy, after).*?(?<seconds>[0-9.]+) s\s+(?<reused>[0-9,]+)\s+(?<computed>[0-9,]+)$")]
    private static partial Regex Row();
}
