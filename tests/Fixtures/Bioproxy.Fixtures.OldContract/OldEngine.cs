using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.OldContract;

/// <summary>
/// Renders <c>.old</c> templates: the included file of the first line, then the rest, then the message. The ways to fail are words of the
/// first line.
/// </summary>
[TemplateEngine(".old")]
public sealed class OldEngine : ITemplateEngine
{
    public ITemplate Parse(ITemplateSource source)
    {
        var lines = source.Text.Split('\n', 2);
        return lines[0] switch
        {
            "fail" => throw new TemplateException($"{source.Path} is to fail"),
            "fail here" => throw new TemplateException($"{source.Path} is to fail here", 1, 6),
            "fail because" => throw new TemplateException($"{source.Path} is to fail because", new FormatException("of this")),
            "fail silently" => throw new TemplateException(),
            var path => new OldTemplate(source.Include(path) + lines[1]),
        };
    }

    private sealed class OldTemplate(string head) : ITemplate
    {
        public string Render(TemplateVariables variables) => head + variables.Message;
    }
}
