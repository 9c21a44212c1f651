using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>
/// One child process with the server of one model. What it writes goes to the model's log and, at level Debug, to the proxy's.
/// </summary>
internal sealed partial class ModelProcess : IModelProcess
{
    private const int QuotedLines = 12;
    private const int SigTerm = 15;

    private static readonly TimeSpan TerminateLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan OutputLimit = TimeSpan.FromSeconds(1);

    private readonly ModelLaunch _launch;
    private readonly ModelLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Process _process = new();
    private readonly TaskCompletionSource<ModelExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ModelProcess(ModelLaunch launch, ModelLog log, TimeProvider time, ILogger logger) =>
        (_launch, _log, _time, _logger) = (launch, log, time, logger);

    public Uri Address => _launch.Address;

    public int ProcessId { get; private set; }

    public Task<ModelExit> Ended => _ended.Task;

    /// <exception cref="Win32Exception">The program cannot be started.</exception>
    /// <exception cref="IOException">The child cannot be recorded; it has been ended.</exception>
    /// <exception cref="UnauthorizedAccessException">The child cannot be recorded; it has been ended.</exception>
    public static ModelProcess Start(ModelLaunch launch, ModelLog log, TimeProvider time, ILogger logger)
    {
        var process = new ModelProcess(launch, log, time, logger);
        process.Start();
        return process;
    }

    public async Task StopAsync()
    {
        Terminate();
        try
        {
            await _exited.Task.WaitAsync(TerminateLimit, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogKilled(_launch.Model, TerminateLimit.TotalSeconds);
            Kill();
        }

        await _ended.Task.ConfigureAwait(false);
    }

    /// <summary>A problem with the last lines that the server wrote.</summary>
    public string Quoting(string problem)
    {
        var lines = _log.Lines;
        return lines.Count == 0
            ? $"{problem} It wrote nothing."
            : $"{problem} Its last lines:\n{string.Join('\n', lines.Skip(lines.Count - QuotedLines))}";
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "kill", ExactSpelling = true)]
    private static extern int SendSignal(int process, int signal);

    private void Start()
    {
        var mark = Guid.NewGuid().ToString("N");
        var start = _process.StartInfo;
        start.FileName = _launch.Program;
        start.WorkingDirectory = _launch.Folders.Work;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var argument in _launch.Command.Skip(1))
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in _launch.Environment)
            start.Environment[name] = value;
        start.Environment[MarkedProcesses.Variable] = mark;

        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => _exited.TrySetResult();
        _process.OutputDataReceived += (_, line) => Write(line.Data);
        _process.ErrorDataReceived += (_, line) => Write(line.Data);
        _log.Add($"---- {string.Join(' ', _launch.Command)}");
        _process.Start();
        ProcessId = _process.Id;
        var file = Record(mark);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
        _ = EndAsync(file, mark);
    }

    private ChildFile? Record(string mark)
    {
        // It may have ended already.
        if (ProcessIdentity.Of(ProcessId) is not { } child)
            return null;
        var program = ProcessIdentity.ProgramOf(ProcessId);
        try
        {
            var record = new ChildRecord(_launch.Model, child, ProcessIdentity.Current, program, mark, _launch.Command);
            return ChildFile.Write(_launch.Folders.Children, record);
        }
        catch
        {
            // A child that is not recorded could outlive the proxy.
            Kill();
            throw;
        }
    }

    private async Task EndAsync(ChildFile? file, string mark)
    {
        await _exited.Task.ConfigureAwait(false);

        // The child may have been a script, which does not take its server with it.
        MarkedProcesses.Kill(mark);

        // The rest of its output; a grandchild that holds the pipe open must not hide the end.
        using (var limit = new CancellationTokenSource(OutputLimit, _time))
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        file?.Dispose();
        var code = _process.ExitCode;
        var how = code > 128 && !OperatingSystem.IsWindows()
            ? string.Create(CultureInfo.InvariantCulture, $"was ended by signal {code - 128}")
            : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {code}");
        _ended.TrySetResult(new ModelExit(code, Quoting($"The server of model {_launch.Model} {how}.")));
        _process.Dispose();
    }

    private void Write(string? line)
    {
        if (line is null)
            return;
        _log.Add(line);
        LogLine(_launch.Model, line);
    }

    private void Terminate()
    {
        if (OperatingSystem.IsWindows())
            Kill();
        else if (!_exited.Task.IsCompleted)
            _ = SendSignal(ProcessId, SigTerm);
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has already ended.
        }
    }

    [LoggerMessage(LogLevel.Debug, "[{Model}] {Line}")]
    private partial void LogLine(string model, string line);

    [LoggerMessage(LogLevel.Warning, "The server of model {Model} did not end within {Seconds} s and is killed.")]
    private partial void LogKilled(string model, double seconds);
}
