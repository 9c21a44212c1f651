using System.Globalization;
using System.Text;

namespace Bioproxy.Host.Plugins;

/// <summary>The names, lengths and times of a plugin's files. Comparing them works on file systems that do not notify of changes.</summary>
internal static class PluginFingerprint
{
    /// <summary>More than any plugin has; a folder with more files was configured by mistake.</summary>
    private const int MostFiles = 10_000;

    /// <returns>Equal as long as the files are the same. A file that disappears during the call changes it, too.</returns>
    public static string Of(PluginCandidate candidate)
    {
        try
        {
            var files = candidate.IsSingleFile
                ? candidate.FilesOfSingleFile()
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
