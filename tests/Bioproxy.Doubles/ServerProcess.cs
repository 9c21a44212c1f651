using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Bioproxy.Doubles;

/// <summary>A child process whose output is kept and that does not outlive this one.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private const int SigKill = 9;
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly EventHandler _onExit;
    private bool _disposed;

    private ServerProcess(Process process, LogTail log)
    {
        _process = process;
        Log = log;
        _onExit = (_, _) => KillAtOnce();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    public LogTail Log { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public static ServerProcess Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);

        var log = new LogTail();
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ServerProcess(process, log);

        void Write(string? line)
        {
            if (line is not null)
                log.Add(line);
        }
    }

    /// <summary>SIGKILL, as when the machine or the out-of-memory killer takes it.</summary>
    public async Task KillAsync()
    {
        Kill();
        await _process.WaitForExitAsync().WaitAsync(StopLimit);
    }

    /// <summary>SIGTERM, as a service manager stops it.</summary>
    public void Terminate()
    {
        if (!_process.HasExited && !OperatingSystem.IsWindows())
            _ = SendSignal(_process.Id, SigTerm);
    }

    /// <summary>The exit code, when it has ended by itself and all it wrote is in the log.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, and SIGKILL when it does not exit in time.</summary>
    public async Task StopAsync()
    {
        Terminate();

        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A server that was restarted is disposed by the restart and once more by its test.
        if (_disposed)
            return;
        _disposed = true;
        await KillAsync();
        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        _process.Dispose();
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "kill", ExactSpelling = true)]
    private static extern int SendSignal(int process, int signal);

    /// <summary>The runner waits only a moment for this process to end, and looking through all processes for a tree takes longer than
    /// that on a busy machine: servers were left running.</summary>
    private void KillAtOnce()
    {
        if (!OperatingSystem.IsLinux())
        {
            Kill();
            return;
        }

        try
        {
            if (_process.HasExited)
                return;
            var children = File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children");
            foreach (var id in children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append($"{_process.Id}"))
                _ = SendSignal(int.Parse(id, CultureInfo.InvariantCulture), SigKill);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            // It has already ended.
        }
    }

    private void Kill()
    {
        try
        {
            // The whole tree: a router starts one more server for each model.
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has already ended.
        }
    }
}
