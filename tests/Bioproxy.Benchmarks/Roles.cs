using System.Globalization;
using Bioproxy.Benchmarks.Controls;
using Bioproxy.Benchmarks.Load;
using Bioproxy.Benchmarks.Stub;

namespace Bioproxy.Benchmarks;

/// <summary>
/// The parts of a run that need a process of their own: this program starts itself with <c>--role</c>. A role ends when its starter does,
/// because that closes its standard input.
/// </summary>
internal static class Roles
{
    public static async Task<int> RunAsync(string role, string[] words)
    {
        var arguments = words.Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        using var stop = new CancellationTokenSource();
        if (role != "load")
            _ = Task.Run(() => StopWithStarterAsync(stop)); // reading the console blocks the thread
        try
        {
            await (role switch
            {
                "backend" => new StubBackend(slotCount: arguments[1], trickle: TimeSpan.FromMilliseconds(arguments[2])).RunAsync(
                    arguments[0], stop.Token),
                "bare" => BareForwarder.RunAsync(arguments[0], arguments[1], stop.Token),
                "yarp" => YarpForwarder.RunAsync(arguments[0], arguments[1], stop.Token),
                "load" => new LoadGenerator().RunAsync(stop.Token),
                "streams" => OpenStreams.RunAsync(arguments[0], arguments[1], stop.Token),
                _ => throw new ArgumentException($"There is no role '{role}'.", nameof(role)),
            });
        }
        catch (OperationCanceledException)
        {
            // the starter has ended
        }

        return 0;
    }

    private static async Task StopWithStarterAsync(CancellationTokenSource stop)
    {
        while (await Console.In.ReadLineAsync() is not null)
        {
            // these roles take no orders
        }

        await stop.CancelAsync();
    }
}
