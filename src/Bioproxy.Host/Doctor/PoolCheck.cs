using System.Globalization;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;

namespace Bioproxy.Host.Doctor;

/// <summary>What can be said of a model of the pool without starting it: its program, its file, its memory and its port.</summary>
internal sealed class PoolCheck(ProxyOptions options)
{
    private readonly PoolOptions _pool = options.Pool!;
    private readonly PoolFolders _folders = PoolFolders.Of(options);

    /// <param name="name">The model.</param>
    /// <param name="isRunning">Its server answers on its port already.</param>
    public IReadOnlyList<Finding> Of(string name, bool isRunning)
    {
        var model = _pool.Models.First(model => model.Name == name);
        var slots = _folders.SlotsOf(name);
        var port = options.PoolBackends.First(backend => backend.Name == name).Url.Port;
        var command = model.CommandLine(_pool.LlamaServer, port, slots);
        var launch = new ModelLaunch(name, port, command, model.Environment, _folders);
        var what = $"model {name}";
        var problems = new List<string>();

        var program = FindProgram(launch.Program);
        if (program is null)
            problems.Add($"{launch.Program} is not found: install llama.cpp, or set {ProgramKey(model)} to the path of llama-server");
        var file = MemoryEstimate.FileOf(command, _folders.Work);
        if (file is not null && !File.Exists(file))
            problems.Add($"{file} does not exist");
        else if (file is not null && GgufHeader.Read(file).Problem is { } unreadable)
            problems.Add(unreadable);
        var memory = model.Memory ?? MemoryEstimate.Of(command, _folders.Work);
        if (memory > _pool.Memory)
            problems.Add($"needs {Size(memory.Value)}, more than the {Size(_pool.Memory.Value)} of pool.memory: it is never loaded");
        if (!isRunning && ModelPort.Of(_pool, name) is null)
            problems.Add($"another program listens on its port {port}: change pool.ports");
        if (problems.Count > 0)
            return [.. problems.Select(problem => new Finding(Verdict.Bad, what, problem))];

        var source = model.Hf is { } repository ? $"{program} downloads {repository} when it is first loaded"
            : file is null ? program
            : $"{program} with {file}";
        var state = isRunning ? "running" : "not running";
        List<Finding> findings = [new(Verdict.Ok, what, $"{source}; {Needs(memory)}; port {port}, {state}")];
        if (!command.Any(word => word.Contains(slots, StringComparison.Ordinal)))
        {
            const string Lost = "its conversations are lost when it is stopped: add --slot-save-path";
            findings.Add(new(Verdict.Info, what, $"{Lost} {CommandLineText.Slots} to its command"));
        }

        if (memory is null && _pool.Memory is not null)
            findings.Add(new(Verdict.Info, what, $"it is loaded alone, because its memory is not known: set pool.models.{name}.memory"));
        return findings;
    }

    private static string ProgramKey(PoolModelOptions model) =>
        model.Hf is null ? $"pool.models.{model.Name}.command" : "pool.llama_server";

    private string Needs(long? memory) => memory is not { } bytes ? "memory not known"
        : _pool.Memory is { } all ? $"about {Size(bytes)} of {Size(all)}"
        : $"about {Size(bytes)}";

    private static string Size(long bytes) => bytes < 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / (double)(1 << 20)):0} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");

    /// <summary>A path as it is, a plain name as the system would find it.</summary>
    private static string? FindProgram(string program)
    {
        if (OperatingSystem.IsWindows() && Path.GetExtension(program).Length == 0)
            program += ".exe"; // as the system does
        if (program.Contains('/', StringComparison.Ordinal) || program.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return CanStart(program) ? program : null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(CanStart);
    }

    private static bool CanStart(string path)
    {
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Execute) != 0);
    }
}
