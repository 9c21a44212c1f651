using System.Globalization;
using System.Text;

namespace Bioproxy.Host.Plugins;

/// <summary>What a plugin's files look like, without reading them: names, lengths and times. Works on file systems that tell of no change.</summary>
internal static class PluginFingerprint
{
    /// <summary>More than any plugin has; what lies beyond is somebody's home directory by mistake.</summary>
    private const int MostFiles = 10_000;

    /// <returns>Equal as long as nothing changed. A file that vanishes meanwhile makes another one.</returns>
    public static string Of(PluginCandidate candidate)
    {
        try
        {
            var files = candidate.IsSingleFile
                ? new[] { candidate.Path, Path.ChangeExtension(candidate.Path, ".deps.json"), Path.ChangeExtension(candidate.Path, ".pdb") }.Where(File.Exists)
                : Directory.EnumerateFiles(candidate.Path, "*", SearchOption.AllDirectories).Take(MostFiles);
            var text = new StringBuilder();
            foreach (var file in files.Order(StringComparer.Ordinal).Select(path => new FileInfo(path)))
                text.Append(CultureInfo.InvariantCulture, $"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}\n");
            return text.ToString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"unreadable: {e.Message}";
        }
    }
}
