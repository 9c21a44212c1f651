using Bioproxy.Abstractions;

namespace Bioproxy.Host.Templates;

/// <summary>One reading of a template: gives the engine the text and the includes, and records every file the result depends on.</summary>
internal sealed class TemplateSource : ITemplateSource
{
    private readonly TemplateFileReader _reader;
    private readonly string _baseDirectory;
    private readonly TemplateReading _reading;
    private readonly Dictionary<string, TemplateFile> _files = new(StringComparer.Ordinal);

    /// <exception cref="TemplateException">The template itself cannot be read.</exception>
    public TemplateSource(string path, string baseDirectory, TemplateFileReader reader, TemplateReading reading)
    {
        Path = path;
        _baseDirectory = baseDirectory;
        _reader = reader;
        _reading = reading;
        Text = Read(path).Text;
    }

    public string Path { get; }

    public string Text { get; }

    public string Include(string path)
    {
        string[] candidates;
        try
        {
            candidates =
            [
                .. new[] { _baseDirectory, System.IO.Path.GetDirectoryName(Path)! }
                    .Select(folder => System.IO.Path.GetFullPath(path, folder))
                    .Distinct(StringComparer.Ordinal),
            ];
        }
        catch (ArgumentException)
        {
            throw new TemplateException($"'{path}' is not a valid path.");
        }

        string? outside = null;
        foreach (var candidate in candidates)
        {
            if (!File.Exists(candidate))
                _reading.Missing(candidate);
            else if (IsAllowed(candidate))
                return Read(candidate).Text;
            else
                outside ??= candidate;
        }

        // Reading it throws the exception that says what is wrong.
        if (outside is not null)
            return Read(outside).Text;
        throw new TemplateException(Array.Find(candidates, Directory.Exists) is { } folder
            ? $"{folder} is a folder, not a file."
            : $"the file '{path}' does not exist (looked for {string.Join(" and ", candidates)}).");
    }

    private bool IsAllowed(string path)
    {
        try
        {
            return _reader.IsAllowed(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Reading it throws the exception that says what is wrong.
            return true;
        }
    }

    // A file that is included twice is read once, so that one rendering never mixes two versions of it.
    private TemplateFile Read(string path)
    {
        if (_files.TryGetValue(path, out var known))
            return known;
        _reading.Missing(path);
        var file = _reader.Read(path);
        _files.Add(path, file);
        _reading.Found(file);
        return file;
    }
}
