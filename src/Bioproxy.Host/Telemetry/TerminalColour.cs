namespace Bioproxy.Host.Telemetry;

/// <summary>Whether output is coloured.</summary>
internal static class TerminalColour
{
    /// <summary>False where standard output is redirected, or <c>NO_COLOR</c> is set to anything (no-color.org).</summary>
    public static bool IsWanted => !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
