using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Pool;

/// <summary>How a model's server is started.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Port">The port that it listens on.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Environment">Variables besides those of the proxy.</param>
/// <param name="Folders">Where the child is recorded, and where it works.</param>
internal sealed record ModelLaunch(
    string Model, int Port, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, PoolFolders Folders)
{
    /// <summary>The program: a path is resolved as relative paths in arguments are; a plain name is searched in PATH.</summary>
    public string Program => Command[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(Command[0], Folders.Work) : Command[0];

    public Uri Address { get; } = new($"http://127.0.0.1:{Port}/");
}
