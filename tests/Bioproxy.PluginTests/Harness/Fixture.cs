using System.Reflection;
using Bioproxy.Testing;

namespace Bioproxy.PluginTests.Harness;

/// <summary>The fixture plugins, built with the tests in the same configuration.</summary>
internal static class Fixture
{
    private static readonly string Root = typeof(Fixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata =>
        metadata.Key == "Fixtures").Value!;

    /// <param name="name">The end of the project's name, for example <c>Handler</c>.</param>
    public static PluginFolder Of(string name)
    {
        var output = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        return new PluginFolder(Path.Combine(Root, $"Bioproxy.Fixtures.{name}", "bin", Path.GetFileName(Path.GetDirectoryName(output)!),
            Path.GetFileName(output)));
    }
}
