using System.Reflection;

namespace Bioproxy.Host.Telemetry;

/// <summary>Which build this is.</summary>
internal static class ProductVersion
{
    // The build appends the whole commit hash; ten characters identify it.
    private const int CommitCharacters = 10;

    /// <summary>For example <c>0.1.0+1bcf361a2b</c>.</summary>
    public static string Text { get; } =
        Shorten(typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);

    private static string Shorten(string version) => version.IndexOf('+', StringComparison.Ordinal) is >= 0 and var plus
        ? version[..Math.Min(version.Length, plus + 1 + CommitCharacters)]
        : version;
}
