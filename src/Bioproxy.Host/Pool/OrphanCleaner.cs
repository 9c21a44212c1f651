using System.Diagnostics;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>
/// Ends the children of a proxy that was killed and could not stop them. A process is only ended when its number, its start and its
/// program or mark are those of a recorded child, or it has the mark because such a child started it; and only when the proxy that
/// started the child does not run any more.
/// </summary>
internal sealed partial class OrphanCleaner(PoolFolders folders, TimeProvider time, ILogger<OrphanCleaner> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>To be called before the pool starts its first model: afterwards ports and memory are free again.</summary>
    /// <returns>How many processes were ended.</returns>
    public async Task<int> CleanAsync(CancellationToken cancellationToken)
    {
        var ended = 0;
        foreach (var (file, record) in ChildFile.All(folders.Children))
        {
            if (record?.Owner.IsAlive == true)
                continue;
            if (record?.IsRunning == true)
            {
                LogOrphan(record.Model, record.Child.Id);
                if (!await EndAsync(record, cancellationToken).ConfigureAwait(false))
                    continue;
                ended++;
            }

            // What the child started itself.
            if (record is not null)
                ended += MarkedProcesses.Kill(record.Mark);
            file.Dispose();
        }

        return ended;
    }

    private async Task<bool> EndAsync(ChildRecord record, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.GetProcessById(record.Child.Id);
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(cancellationToken).WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or System.ComponentModel.Win32Exception or AggregateException)
        {
            LogStays(exception, record.Model, record.Child.Id);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Ending the server of model {Model} that an earlier proxy left running (process {Id}).")]
    private partial void LogOrphan(string model, int id);

    [LoggerMessage(LogLevel.Error, "The left-over server of model {Model} (process {Id}) cannot be ended.")]
    private partial void LogStays(Exception exception, string model, int id);
}
