using System.Diagnostics;
using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Telemetry;

/// <summary>Prometheus' own checker of metrics pages and rules.</summary>
internal static class Promtool
{
    /// <returns>Its complaints about a metrics page; empty when it has none.</returns>
    public static Task<string> CheckAsync(string page) => RunAsync(["check", "metrics"], page);

    /// <returns>Its complaints about a file of rules; empty when it has none.</returns>
    public static async Task<string> CheckRulesAsync(string file)
    {
        var said = await RunAsync(["check", "rules", "--lint=all", "--lint-fatal", file], "");
        return said.Contains("SUCCESS", StringComparison.Ordinal) ? "" : said;
    }

    private static async Task<string> RunAsync(string[] arguments, string input)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = promtool.StandardOutput.ReadToEndAsync();
        var errors = promtool.StandardError.ReadToEndAsync();
        await promtool.StandardInput.WriteAsync(input);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync().DefaultTimeout();
        var complaints = await output.DefaultTimeout() + await errors.DefaultTimeout();
        return promtool.ExitCode == 0 || complaints.Length > 0 ? complaints : $"exit code {promtool.ExitCode}";
    }
}
