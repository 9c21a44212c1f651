using Bioproxy.Benchmarks.Report;

namespace Bioproxy.Benchmarks.Runs;

internal static class LookUpRun
{
    public static Task RunAsync(ResultTable table, CancellationToken cancellationToken) => Task.CompletedTask;
}
