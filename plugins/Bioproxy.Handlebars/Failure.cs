using System.Text.RegularExpressions;
using Bioproxy.Abstractions;
using Bioproxy.Plugins.Shared;
using HandlebarsDotNet.Compiler;

namespace Bioproxy.Handlebars;

/// <summary>Translates the library's exceptions for template authors; the library wraps the cause once per enclosing partial.</summary>
internal static partial class Failure
{
    /// <summary>The error of a failed rendering.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="variables">The variables that templates may use.</param>
    /// <param name="partial">The partial that threw it; null for the template itself.</param>
    public static TemplateException Of(Exception error, Variables variables, string? partial = null)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is TemplateException known)
                return known;
        }

        var cause = error.GetBaseException();
        var message = cause is HandlebarsUndefinedBindingException undefined ? variables.Refusal(undefined.MissingKey) : cause.Message;
        return new TemplateException(partial is null ? message : $"in the partial '{partial}': {message}", error);
    }

    /// <summary>The error of a failed compilation, with its position if the library reports one.</summary>
    public static TemplateException Of(Exception error, TemplateText text)
    {
        var cause = error.GetBaseException();
        var place = Place().Match(cause.Message);
        if (!place.Success)
            return text.Error(cause.Message);
        var line = int.Parse(place.Groups["line"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) + 1;
        var column = int.Parse(place.Groups["column"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
        return text.Error($"{cause.Message[..place.Index]}.", line, column);
    }

    // Lines are counted from 0; the column is the number of characters read so far.
    [GeneratedRegex(@"\s*Occured at: (?<line>\d{1,9}):(?<column>\d{1,9})\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Place();
}
