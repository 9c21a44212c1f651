using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary><c>bioproxy misses</c>: asks the running proxy, which keeps its misses in memory only.</summary>
internal static class MissesCommand
{
    public static Task<int> RunAsync(ConfigurationInput input, int last, CancellationToken cancellationToken) =>
        RunningProxyReport.ShowAsync(
            input,
            "misses",
            "/misses",
            misses =>
            {
                Terminal.Standard.Write(MissTable.Report(misses, last));
                return 0;
            },
            cancellationToken,
            onNobody: " Misses are kept in memory only.");
}
