using System.Runtime.InteropServices;
using Bioproxy.Demo;

if (DemoOptions.Parse(args) is not { } options)
    return DemoOptions.WrongUsage;

// Ctrl+C and a polite kill end the demo in order: whatever it started and wrote is gone afterwards.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

if (options.IsCluster)
    return await ShowClusterAsync();
await using var demo = new Demonstration(options);
try
{
    var isWarm = await demo.ShowAsync(stop.Token);
    if (options.IsOnce)
        return isWarm ? 0 : 1;
    await demo.StayAsync(stop.Token);
    return isWarm ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return demo.IsShown ? 0 : 130;
}
catch (Exception exception)
{
    await Console.Error.WriteLineAsync($"\ndemo: {exception.Message}");
    await Console.Error.WriteLineAsync(demo.Logs);
    return 1;
}

async Task<int> ShowClusterAsync()
{
    await using var act = new ClusterAct(options);
    try
    {
        return await act.ShowAsync(stop.Token) ? 0 : 1;
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        return 130;
    }
    catch (Exception exception)
    {
        await Console.Error.WriteLineAsync($"\ndemo: {exception.Message}");
        await Console.Error.WriteLineAsync(act.Logs);
        return 1;
    }
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
