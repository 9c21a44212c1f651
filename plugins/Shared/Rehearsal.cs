using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Plugins.Shared;

/// <summary>Tries a template before it is used: judges it by its output for different values, not by its source.</summary>
internal static partial class Rehearsal
{
    // Texts that differ from their first character on. The lengths are equal, so that a template that writes only the length is detected.
    private const string OneText = "Alpha";
    private const string OtherText = "Bravo";

    // Every field of a date differs, whatever the format shows of it.
    private static readonly DateTimeOffset OneTime = new(2001, 2, 3, 4, 5, 6, 789, TimeSpan.FromHours(1));
    private static readonly DateTimeOffset OtherTime = new(1987, 12, 21, 19, 47, 58, 123, TimeSpan.FromHours(-5));

    /// <summary>Renders with and without a message, and with and without a model, so that each branch of the template's conditions is
    /// taken once. Warns of volatile variables that change the text before the message.</summary>
    /// <param name="template">The template.</param>
    /// <param name="variables">What it may use.</param>
    /// <param name="path">Its file.</param>
    /// <param name="logger">Receives the warning.</param>
    /// <exception cref="TemplateException">It cannot be rendered, or the user's words are lost in it.</exception>
    public static void Run(ITemplate template, Variables variables, string path, ILogger logger)
    {
        string?[] models = variables.HasModel ? [OneText, OtherText, null] : [null];
        foreach (var model in models)
        {
            template.Render(new TemplateVariables("") { Model = model, Time = OneTime });
            if (MessageStart(template, model) < 0)
                throw new TemplateException(Lost(model is null && variables.HasModel));
        }

        var start = MessageStart(template, models[0]);
        var text = Render(template, OneText, models[0], OneTime);
        var changing = new List<string>();
        if (models.Any(model => IsBefore(text, Render(template, OneText, model, OneTime), start)))
            changing.Add(Variables.Model);
        if (IsBefore(text, Render(template, OneText, models[0], OtherTime), start))
            changing.Add(Variables.Date);
        if (changing.Count > 0)
            VolatileBeforeMessage(logger, path, string.Join(" and ", changing));
    }

    // Where the outputs for two messages first differ; -1 if they are equal.
    private static int MessageStart(ITemplate template, string? model) =>
        FirstDifference(Render(template, OneText, model, OneTime), Render(template, OtherText, model, OneTime));

    private static bool IsBefore(string text, string other, int start) => FirstDifference(text, other) is >= 0 and var at && at < start;

    private static string Render(ITemplate template, string message, string? model, DateTimeOffset time) =>
        template.Render(new TemplateVariables(message) { Model = model, Time = time });

    private static int FirstDifference(string one, string other) => one == other ? -1 : one.AsSpan().CommonPrefixLength(other);

    private static string Lost(bool onlyWithoutModel) =>
        $"the template does not write {{{{message}}}}{(onlyWithoutModel ? " when the request names no model" : "")}: the user's words "
        + "would be lost. "
        + "Write {{message}} where they belong, usually at the end.";

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Template {Path} writes {Variables} before the message: the KV cache of all that follows is lost whenever the value "
            + "changes. "
        + "Move it behind {{{{message}}}}")]
    private static partial void VolatileBeforeMessage(ILogger logger, string path, string variables);
}
