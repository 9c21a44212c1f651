namespace Bioproxy.Host.Pool;

/// <summary>What became of starting a model's process: the process, ready for requests, or the problem.</summary>
/// <param name="Process">The process; null when it failed.</param>
/// <param name="Problem">What went wrong, with the last lines of the server's log; null when it is ready.</param>
internal sealed record ModelStart(IModelProcess? Process, string? Problem)
{
    public static ModelStart Ready(IModelProcess process) => new(process, null);

    public static ModelStart Failed(string problem) => new(null, problem);
}
