using Bioproxy.Abstractions;

namespace Bioproxy.PrefixExpander;

/// <summary>A parsed template: the literal texts around the message.</summary>
internal sealed class AngleTemplate(string[] literals) : ITemplate
{
    public string Render(TemplateVariables variables) => string.Join(variables.Message, literals);
}
