using Bioproxy.Abstractions;

namespace Bioproxy.Handlebars;

/// <summary>The text of a template or of one of its partials, and errors with a place in it.</summary>
/// <param name="name">The partial's name as written; null for the template itself, whose path the host puts before each message.</param>
/// <param name="text">The text.</param>
internal sealed class TemplateText(string? name, string text)
{
    public string Text { get; } = text;

    public TemplateException Error(string message) => new(name is null ? message : $"{name}: {message}");

    /// <param name="message">The problem.</param>
    /// <param name="at">The position in the text.</param>
    public TemplateException Error(string message, int at)
    {
        var before = Text.AsSpan(0, at);
        return Error(message, before.Count('\n') + 1, at - before.LastIndexOf('\n'));
    }

    /// <param name="message">The problem.</param>
    /// <param name="line">Line, from 1.</param>
    /// <param name="column">Column, from 1.</param>
    public TemplateException Error(string message, int line, int column) =>
        name is null ? new(message, line, column) : new($"{name}, line {line}, column {column}: {message}");
}
