using Bioproxy.Abstractions;

namespace PluginNamespace;

/// <summary>Renders <c>.mark</c> files: the user's message replaces <c>$MESSAGE</c>.</summary>
[TemplateEngine(".mark")]
public sealed class MarkEngine : ITemplateEngine
{
    public ITemplate Parse(ITemplateSource source)
    {
        var literals = source.Text.Split("$MESSAGE");
        if (literals.Length == 1)
            throw new TemplateException("The template has no $MESSAGE: write it where the user's words belong, usually at the end.");
        return new Mark(literals);
    }

    private sealed class Mark(string[] literals) : ITemplate
    {
        public string Render(TemplateVariables variables) => string.Join(variables.Message, literals);
    }
}
