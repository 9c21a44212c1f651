using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>Chooses the GPU for a server that is being started.</summary>
internal sealed partial class GpuChooser(string program, TimeProvider time, ILogger<GpuChooser> logger)
{
    public const string DefaultProgram = "nvidia-smi";

    private const string Automatic = "auto";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>The environment variables that make a server use the GPU. Without an answer of nvidia-smi there are none.</summary>
    /// <param name="gpu"><c>auto</c>, a value for CUDA_VISIBLE_DEVICES, or null for the server's own choice.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyDictionary<string, string>> ChooseAsync(string? gpu, CancellationToken cancellationToken)
    {
        var devices = gpu == Automatic ? await MostFreeAsync(cancellationToken).ConfigureAwait(false) : gpu;
        if (devices is null)
            return new Dictionary<string, string>();

        // nvidia-smi counts in the order of the bus; CUDA does only when it is asked to.
        return new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = devices, ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID" };
    }

    /// <summary>The index with the most free memory in nvidia-smi's output: lines of <c>index, MiB</c>; others are ignored.</summary>
    internal static string? MostFree(string output) => output
        .Split('\n')
        .Select(line => line.Split(',', StringSplitOptions.TrimEntries))
        .Where(cells => cells.Length == 2 && IsNumber(cells[0]) && IsNumber(cells[1]))
        .OrderByDescending(cells => long.Parse(cells[1], CultureInfo.InvariantCulture))
        .FirstOrDefault()?[0];

    private static bool IsNumber(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private async Task<string?> MostFreeAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, ["--query-gpu=index,memory.free", "--format=csv,noheader,nounits"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await Task.WhenAll(output, errors).WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
            var chosen = process.ExitCode == 0 ? MostFree(await output.ConfigureAwait(false)) : null;
            if (chosen is null)
                LogNone(program, $"exit code {process.ExitCode}");
            return chosen;
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or TimeoutException or IOException)
        {
            LogNone(program, exception.Message);
            return null;
        }
        finally
        {
            if (process is { HasExited: false })
                process.Kill(entireProcessTree: true);
            process?.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Warning, "No GPU was chosen, the server uses what it finds: {Program} gave no list of GPUs ({Reason}).")]
    private partial void LogNone(string program, string reason);
}
