using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Good;

/// <summary>Renders <c>.rev</c> templates backwards, with the message behind.</summary>
[TemplateEngine(".rev")]
public sealed class ReverseEngine : ITemplateEngine
{
    public ITemplate Parse(ITemplateSource source) => new Reversed(new string([.. source.Text.Reverse()]));

    private sealed class Reversed(string text) : ITemplate
    {
        public string Render(TemplateVariables variables) => text + variables.Message;
    }
}
