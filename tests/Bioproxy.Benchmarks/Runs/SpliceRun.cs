using Bioproxy.Benchmarks.Report;

namespace Bioproxy.Benchmarks.Runs;

internal static class SpliceRun
{
    public static Task RunAsync(ResultTable table, CancellationToken cancellationToken) => Task.CompletedTask;
}
