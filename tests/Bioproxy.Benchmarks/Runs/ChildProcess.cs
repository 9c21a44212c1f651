using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// A process of a run, killed with what it started when the run ends or this program does. Its output is read line by line, its errors go
/// where ours go.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly EventHandler _onExit;

    private ChildProcess(Process process)
    {
        _process = process;
        _onExit = (_, _) => Kill();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Resident memory in MB.</summary>
    public double ResidentMegabytes
    {
        get
        {
            var line = File.ReadLines($"/proc/{Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
    }

    /// <summary>Processor time used so far, by all threads and by the processes it started.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            var time = _process.TotalProcessorTime;
            foreach (var id in File.ReadAllText($"/proc/{Id}/task/{Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                using var child = Process.GetProcessById(int.Parse(id, CultureInfo.InvariantCulture));
                time += child.TotalProcessorTime;
            }

            return time;
        }
    }

    /// <summary>Starts this program in another role.</summary>
    public static ChildProcess StartRole(string role, params int[] arguments)
    {
        // This program may have been started as "dotnet file.dll".
        var program = Environment.ProcessPath!;
        var own = typeof(ChildProcess).Assembly.Location;
        string[] first = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [own] : [];
        return Start(program, [.. first, "--role", role, .. arguments.Select(a => a.ToString(CultureInfo.InvariantCulture))]);
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."));
    }

    /// <summary>Waits until something listens on a port.</summary>
    public async Task UntilListeningAsync(int port, CancellationToken cancellationToken)
    {
        for (var started = Stopwatch.GetTimestamp(); ; await Task.Delay(30, cancellationToken))
        {
            if (HasExited || Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(30))
                throw new InvalidOperationException($"A process of the run {(HasExited ? "has ended" : "does not listen")}.");
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                // not yet
            }
        }
    }

    /// <summary>The next line of its output.</summary>
    public async Task<string> ReadLineAsync(CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new InvalidOperationException("A process of the run has ended.");

    /// <summary>Waits until it has ended, and ignores the rest of its output.</summary>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.StandardOutput.ReadToEndAsync(cancellationToken);
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Sends it one line and waits for the answer.</summary>
    public async Task<string> AskAsync(string line, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return await ReadLineAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        _process.Dispose();
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has already ended.
        }
    }
}
