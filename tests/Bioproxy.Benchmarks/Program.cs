using System.Runtime.InteropServices;
using Bioproxy.Benchmarks;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Benchmarks.Runs;

if (args is ["--role", var role, .. var rest])
    return await Roles.RunAsync(role, rest);

var runs = new Dictionary<string, Func<ResultTable, CancellationToken, Task>>(StringComparer.Ordinal)
{
    ["forward"] = ForwardRun.RunAsync,
    ["overhead"] = OverheadRun.RunAsync,
    ["splice"] = SpliceRun.RunAsync,
    ["look-up"] = LookUpRun.RunAsync,
    ["plan"] = PlanRun.RunAsync,
    ["plugins"] = PluginsRun.RunAsync,
    ["trace"] = TraceRun.RunAsync,
    ["streams"] = StreamsRun.RunAsync,
    ["restart"] = RestartRun.RunAsync,
    ["conversations"] = ConversationsRun.RunAsync,
    ["routing"] = RoutingRun.RunAsync,
    ["dashboard"] = DashboardRun.RunAsync,
    ["cluster"] = ClusterRun.RunAsync,
    ["scale"] = ScaleRun.RunAsync,
};
if (args.FirstOrDefault(arg => !runs.ContainsKey(arg)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'. There are: {string.Join(", ", runs.Keys)}.");
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var table = new ResultTable();
try
{
    foreach (var name in args.Length > 0 ? args : [.. runs.Keys])
    {
        try
        {
            await runs[name](table, stop.Token);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // The figures of the other runs are still useful.
            Console.Error.WriteLine(e);
            table.Add(name, $"failed: {e.GetType().Name}", "to run", isMet: false);
        }
    }
}
catch (Exception) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}

Console.WriteLine(Machine.Facts());
Console.WriteLine();
table.Print();
return table.AreAllGoalsMet ? 0 : 1;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true; // the processes of the run are ended first
    stop.Cancel();
}
