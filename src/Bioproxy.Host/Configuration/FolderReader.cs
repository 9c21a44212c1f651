namespace Bioproxy.Host.Configuration;

/// <summary>Reads the path of a folder.</summary>
internal static class FolderReader
{
    /// <returns>The absolute path, or null after a mistake was reported.</returns>
    public static string? Read(string key, ConfigurationValue value, bool mustExist, string alternative, ConfigurationReading reading)
    {
        var folder = value.Kind.Fits(ConfigurationValueKind.Text) ? reading.Resolve(value.Content) : null;
        if (folder is not null && (mustExist ? Directory.Exists(folder) : !File.Exists(folder)))
        {
            reading.Accept(key, value);
            return folder;
        }

        var resolved = folder is null ? "" : $" ({(File.Exists(folder) ? "this is a file" : "looked for")}: {folder})";
        reading.Reject(key, value, $"a folder{(mustExist ? " that exists" : "")}{alternative}{resolved}");
        return null;
    }
}
