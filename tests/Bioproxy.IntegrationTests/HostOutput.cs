using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>The built program, in the configuration that the tests were built in.</summary>
internal static class HostOutput
{
    private static readonly string Output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);

    /// <summary>The last folders of every project's output: configuration and framework.</summary>
    public static string Build { get; } = Path.Combine(Path.GetFileName(Path.GetDirectoryName(Output)!), Path.GetFileName(Output));

    public static string Folder { get; } = Path.Combine(
        RepositoryFolder.Root ?? throw new InvalidOperationException("The tests do not run from within the repository."),
        "src", "Bioproxy.Host", "bin", Build);

    /// <summary>The built-in plugins, which are beside the program and not beside the tests.</summary>
    public static string Plugins { get; } = Path.Combine(Folder, "plugins");

    public static string Program { get; } = Path.Combine(Folder, OperatingSystem.IsWindows() ? "bioproxy.exe" : "bioproxy");
}
