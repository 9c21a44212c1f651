using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

/// <summary>A temporary plugin directory, filled with copies of the fixture projects' build output.</summary>
internal sealed class FixturePlugins : IDisposable
{
    private static readonly string Output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
    private static readonly string Configuration = Path.GetFileName(Path.GetDirectoryName(Output)!);
    private static readonly string Framework = Path.GetFileName(Output);

    private static readonly ProxyMetrics Metrics = new(TimeProvider.System);

    public string Folder { get; } = Directory.CreateTempSubdirectory("bioproxy-plugins-").FullName;

    public static string RepositoryRoot { get; } = FindRoot();

    public static string OutputOf(string project) => Path.Combine(RepositoryRoot, project, "bin", Configuration, Framework);

    /// <summary>
    /// Copies a fixture's output, or those of its files whose relative paths are wanted, into a plugin folder of the given name.
    /// </summary>
    public string Add(string fixture, string? name = null, Func<string, bool>? which = null)
    {
        var target = Directory.CreateDirectory(Path.Combine(Folder, name ?? $"Bioproxy.Fixtures.{fixture}")).FullName;
        var output = OutputOf($"tests/Fixtures/Bioproxy.Fixtures.{fixture}");
        foreach (var file in Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(output, path)))
        {
            if (which?.Invoke(file) == false)
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(target, file))!);
            File.Copy(Path.Combine(output, file), Path.Combine(target, file));
        }

        return target;
    }

    public string AddFile(string path, string content)
    {
        var file = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    public PluginSet Load() => Load(Folder);

    public static PluginSet Load(params string[] folders) => Loader().Load(folders);

    public static PluginLoader Loader(params string[] configured) => new(
        new ProxyOptions { BaseDirectory = Output, StateDirectory = Output, PluginDirectories = configured },
        name => new PluginHost(name, Facilities(configured)),
        TimeProvider.System,
        NullLogger<PluginLoader>.Instance);

    public static PluginFacilities Facilities(params string[] configured) => new()
    {
        Options = new ProxyOptions { BaseDirectory = Output, StateDirectory = Output, PluginDirectories = configured },
        Loggers = NullLoggerFactory.Instance,
        Time = TimeProvider.System,
        Templates = Substitute.For<ITemplateLibrary>(),
        Metrics = Metrics,
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(Output);
        while (!File.Exists(Path.Combine(folder.FullName, "Bioproxy.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run from within the repository.");
        return folder.FullName;
    }
}
