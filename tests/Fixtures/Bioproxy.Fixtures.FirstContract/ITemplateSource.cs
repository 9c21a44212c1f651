namespace Bioproxy.Abstractions;

/// <summary>A template's text and its access to other files.</summary>
public interface ITemplateSource
{
    /// <summary>The absolute path of the template file, for messages.</summary>
    string Path { get; }

    /// <summary>The file's text, without a byte order mark.</summary>
    string Text { get; }

    /// <summary>Reads another file as text. The path is resolved against the folder of the configuration file, then the
    /// folder of the template, and must stay inside the configured template roots. The template is parsed again when the
    /// file changes.</summary>
    /// <param name="path">A path as written in the template.</param>
    /// <returns>The file's text, without a byte order mark.</returns>
    /// <exception cref="TemplateException">The file does not exist, cannot be read, or lies outside the roots.</exception>
    string Include(string path);
}
