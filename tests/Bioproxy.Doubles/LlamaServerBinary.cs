using System.Diagnostics;

namespace Bioproxy.Doubles;

/// <summary>Where a real llama-server is: <c>scripts/get-llama-server.sh</c> is run once per process.</summary>
internal static class LlamaServerBinary
{
    private static readonly Lazy<Task<(string? Path, string Said)>> Found = new(AskScriptAsync);

    /// <summary>The program's path; null when there is none and it could not be fetched.</summary>
    public static async Task<string?> FindAsync() => (await Found.Value).Path;

    /// <summary>The program's path; throws with the script's output when there is none.</summary>
    public static async Task<string> RequireAsync()
    {
        var (path, said) = await Found.Value;
        return path ?? throw new InvalidOperationException($"There is no llama-server to test with.\n{said}");
    }

    private static async Task<(string? Path, string Said)> AskScriptAsync()
    {
        if (RepositoryFolder.Root is not { } root)
            return (null, "Bioproxy.sln was not found above the tests' folder.");
        var start = new ProcessStartInfo(Path.Combine(root, "scripts", "get-llama-server.sh"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start);
        if (process is null)
            return (null, "scripts/get-llama-server.sh did not start.");

        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        var path = (await output).TrimEnd().Split('\n')[^1];
        return process.ExitCode == 0 && path.Length > 0 ? (path, string.Empty) : (null, await errors);
    }
}
