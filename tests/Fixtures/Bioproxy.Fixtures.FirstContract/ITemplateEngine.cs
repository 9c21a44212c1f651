namespace Bioproxy.Abstractions;

/// <summary>Turns template files of certain extensions into templates that can be rendered.</summary>
/// <remarks>
/// Export it with <see cref="TemplateEngineAttribute"/>. Called from one thread at a time when a file was read or changed.
/// </remarks>
public interface ITemplateEngine
{
    /// <summary>Parses a template and reads all files it includes.</summary>
    /// <param name="source">The template's text, and the only way to read further files.</param>
    /// <returns>An immutable template.</returns>
    /// <exception cref="TemplateException">The text is not a valid template, or an included file cannot be read. The host
    /// keeps the last good version and reports the message.</exception>
    ITemplate Parse(ITemplateSource source);
}
