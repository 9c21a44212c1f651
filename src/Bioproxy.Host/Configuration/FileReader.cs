namespace Bioproxy.Host.Configuration;

/// <summary>Reads the path of a file that must exist.</summary>
internal static class FileReader
{
    /// <returns>The absolute path, or null after a mistake was reported.</returns>
    public static string? Read(string key, ConfigurationValue value, ConfigurationReading reading)
    {
        var file = value.Kind.Fits(ConfigurationValueKind.Text) ? reading.Resolve(value.Content) : null;
        if (File.Exists(file))
        {
            reading.Accept(key, value);
            return file;
        }

        var resolved = file is null ? "" : $" ({(Directory.Exists(file) ? "this is a folder" : "looked for")}: {file})";
        reading.Reject(key, value, $"a file that exists, or null{resolved}");
        return null;
    }
}
