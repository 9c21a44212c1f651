using System.Diagnostics;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Packages;

/// <summary>The folder with what <c>scripts/release.sh</c> made.</summary>
internal static class Release
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static string? Folder { get; } =
        Environment.GetEnvironmentVariable("BIOPROXY_RELEASE") is { Length: > 0 } folder ? Path.GetFullPath(folder) : null;

    /// <summary>The only file whose name matches.</summary>
    public static string File(string pattern) => Assert.Single(Directory.GetFiles(Folder!, pattern));

    /// <summary>Runs a program until it ends.</summary>
    /// <returns>Its output.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var process = ServerProcess.Start(program, arguments);
        var code = await process.WaitForExitAsync().WaitAsync(Limit);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{process.Log}");
        return process.Log.ToString();
    }

    /// <summary>The user of a running process.</summary>
    public static string UserOf(int id)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", "user:32=", "-p", $"{id}"]) { RedirectStandardOutput = true })!;
        return ps.StandardOutput.ReadToEnd().Trim();
    }
}
