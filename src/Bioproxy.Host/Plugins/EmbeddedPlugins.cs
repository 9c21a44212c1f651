using System.Reflection;

namespace Bioproxy.Host.Plugins;

/// <summary>The built-in plugins of a program that is one file. It carries them as resources <c>plugins/NAME/FILE</c> and unpacks them, so
/// that they are loaded like all others.</summary>
internal static class EmbeddedPlugins
{
    private const string Prefix = "plugins/";

    private static readonly Lazy<TemporaryFolder?> Unpacked = new(UnpackForThisProcess);

    /// <summary>The folder with those of this program; null when it carries none, or they cannot be unpacked.</summary>
    public static string? Directory => Unpacked.Value?.Path;

    /// <summary>Why they cannot be unpacked.</summary>
    public static string? Problem { get; private set; }

    /// <returns>A folder with what the assembly carries; null when that is nothing, or with a problem.</returns>
    public static TemporaryFolder? Unpack(Assembly assembly, string temporary, out string? problem)
    {
        problem = null;
        var files = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToList();
        if (files.Count == 0)
            return null;
        if (TemporaryFolder.Create(temporary, out var reason) is not { } folder)
        {
            problem = $"The built-in plugins cannot be unpacked to {temporary} ({reason}). Set TMPDIR to a writable folder.";
            return null;
        }

        foreach (var name in files)
        {
            var target = Path.Combine(folder.Path, name[Prefix.Length..]);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var resource = assembly.GetManifestResourceStream(name)!;
            using var file = File.Create(target);
            resource.CopyTo(file);
        }

        return folder;
    }

    private static TemporaryFolder? UnpackForThisProcess()
    {
        var folder = Unpack(typeof(EmbeddedPlugins).Assembly, Path.GetTempPath(), out var problem);
        Problem = problem;
        if (folder is not null)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return folder;
    }
}
