using System.Diagnostics;
using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Telemetry;

/// <summary>Prometheus' own checker of metrics pages.</summary>
internal static class Promtool
{
    /// <returns>Its complaints; empty when it has none.</returns>
    public static async Task<string> CheckAsync(string page)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = promtool.StandardOutput.ReadToEndAsync();
        var errors = promtool.StandardError.ReadToEndAsync();
        await promtool.StandardInput.WriteAsync(page);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync().DefaultTimeout();
        var complaints = await output.DefaultTimeout() + await errors.DefaultTimeout();
        return promtool.ExitCode == 0 || complaints.Length > 0 ? complaints : $"exit code {promtool.ExitCode}";
    }
}
