using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.ClusterProcess;
using Bioproxy.Doubles;
using Microsoft.Extensions.Logging;

// A proxy of a cluster as a process that a test can kill: REDIS NAME ADVERTISE SERVERS [SERVER TO TAKE A TURN OF] [measure | quiet]
var options = new ClusterOptions(args[0], args[1], args[2]);
var events = new LogTail { Echo = args.Contains("measure") || args.Contains("quiet") ? null : Console.Out };
using var logs = LoggerFactory.Create(static builder => builder.AddSimpleConsole(static console => console.SingleLine = true));
var host = new FakeClusterHost(options.Advertise, args[3].Split(','), events);
await using var node = new ClusterNode(options, host, logs, TimeProvider.System);
if (args.Contains("measure"))
{
    await Measurement.RunAsync(node, host, args[4]);
    return;
}

await node.StartAsync(CancellationToken.None);
while (node.Problem is not null) // joining may take longer than a start waits
    await Task.Delay(50);
events.Add($"{options.Advertise} started: {node.Problem ?? "joined"}");
if (args.Length > 4 && !args.Contains("quiet"))
{
    var turn = Guid.NewGuid();
    var answer = await node.LinkTo(args[4]).TakeAsync(
        new TurnRequest { Turn = turn, Proxy = options.Advertise }, CancellationToken.None);
    events.Add($"{options.Advertise} holds {turn} {answer?.Placement is not null}");
}

var stop = new TaskCompletionSource();
using var terminate = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM, context =>
    {
        context.Cancel = true;
        stop.TrySetResult();
    });
await stop.Task;
await node.StopAsync();
events.Add($"{options.Advertise} stopped");
