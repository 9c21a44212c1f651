using Bioproxy.Abstractions;
using Scriban.Parsing;
using Scriban.Syntax;

namespace Bioproxy.Scriban;

/// <summary>Turns the library's errors into errors with a position.</summary>
/// <param name="path">The template's path, which the host puts before each message; an include is named in the message.</param>
internal sealed class Failure(string path)
{
    /// <summary>An error at a position in the template or an include.</summary>
    public TemplateException At(SourceSpan span, string message)
    {
        // The library counts from 0, and has no position for the end of a text.
        if (span.FileName is null || span.Start.Line < 0)
            return new TemplateException(span.FileName is null || span.FileName == path ? message : $"{span.FileName}: {message}");
        var (line, column) = (span.Start.Line + 1, span.Start.Column + 1);
        return span.FileName == path ? new(message, line, column) : new($"{span.FileName}, line {line}, column {column}: {message}");
    }

    /// <summary>The error of a failed rendering.</summary>
    public TemplateException Of(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is TemplateException known)
                return known;
        }

        return error switch
        {
            ScriptAbortException abort => At(abort.Span, $"the template takes longer than {ScribanTemplate.MaxTime.TotalSeconds} "
                + "seconds: simplify it."),
            ScriptRuntimeException runtime => At(runtime.Span, runtime.OriginalMessage),
            _ => new TemplateException(error.Message, error),
        };
    }
}
