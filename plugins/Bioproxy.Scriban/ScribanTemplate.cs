using Bioproxy.Abstractions;
using Bioproxy.Plugins.Shared;
using Scriban;
using Scriban.Runtime;

namespace Bioproxy.Scriban;

/// <summary>A parsed template with all its includes. Nothing of it changes: each rendering has a context of its own.</summary>
internal sealed class ScribanTemplate(
    Template main, IReadOnlyDictionary<string, Template> includes, ScriptObject functions, Variables variables, TimeProvider time)
    : ITemplate
{
    /// <summary>The time that one rendering may take.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(2);

    private const int MaxLoops = 10_000;
    private const int MaxCalls = 100;

    public string Render(TemplateVariables values)
    {
        // Loops are counted, but functions that call themselves twice are not stopped by any count.
        using var tooLong = new CancellationTokenSource(MaxTime, time);
        using var writer = new BoundedWriter(values.Message);
        var context = NewContext(values, writer, tooLong.Token);
        try
        {
            var text = main.Render(context);
            CheckNotCut(context);
            return text;
        }
        catch (Exception e)
        {
            throw new Failure(main.SourceFilePath ?? "").Of(e);
        }
    }

    private TemplateContext NewContext(TemplateVariables values, BoundedWriter writer, CancellationToken cancellationToken)
    {
        var context = new TemplateContext(functions)
        {
            TemplateLoader = new NoFiles(),
            StrictVariables = true,
            EnableRelaxedMemberAccess = false,
            // Otherwise the white space before a message would be repeated before each of its lines.
            AutoIndent = false,
            NewLine = "\n",
            LoopLimit = MaxLoops,
            RecursiveLimit = MaxCalls,
            RegexTimeOut = MaxTime,
            // The library cuts what is longer, and counts what passes through an include or a capture again each time: so it is a coarse
            // net below the writer's limit.
            LimitToString = (int)Math.Min(int.MaxValue, 4 * (BoundedWriter.MaxAdded + (long)values.Message.Length)),
            CancellationToken = cancellationToken,
        };
        foreach (var (name, template) in includes)
            context.CachedTemplates.Add(name, template);
        var globals = new ScriptObject();
        foreach (var (name, value) in variables.Of(values))
            globals.Add(name, value);
        context.PushGlobal(globals);
        context.PushOutput(new TextWriterOutput(writer));
        return context;
    }

    // Past its limit the library silently stops writing.
    private static void CheckNotCut(TemplateContext context)
    {
        context.PushOutput(new StringBuilderOutput());
        context.Write(".");
        if (context.Output.ToString() != ".")
            throw new TemplateException($"the template writes more than {context.LimitToString} characters, counting what includes and "
                + "captures write each time: shorten it.");
    }
}
