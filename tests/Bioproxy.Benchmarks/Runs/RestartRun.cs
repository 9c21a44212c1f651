using Bioproxy.Benchmarks.Report;

namespace Bioproxy.Benchmarks.Runs;

internal static class RestartRun
{
    public static Task RunAsync(ResultTable table, CancellationToken cancellationToken) => Task.CompletedTask;
}
