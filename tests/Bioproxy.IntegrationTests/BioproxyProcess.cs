using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>The built program in its own process, as a user starts it.</summary>
internal static class BioproxyProcess
{
    public static ServerProcess Start(params string[] arguments) => ServerProcess.Start(HostOutput.Program, arguments);

    /// <summary>Runs it until it exits.</summary>
    /// <returns>The exit code and the output.</returns>
    public static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        await using var process = Start(arguments);
        var code = await process.WaitForExitAsync().DefaultTimeout();
        return (code, process.Log.ToString());
    }
}
