using Bioproxy.Abstractions;
using Bioproxy.PrefixExpander;
using Bioproxy.UnitTests.PrefixExpander;

namespace Bioproxy.UnitTests.Readme;

/// <summary>The example in docs/templates.md renders as it says.</summary>
public sealed class TemplateDocumentTests
{
    [Fact]
    public void Example_Rendered_IsWhatTheTextShows()
    {
        var blocks = Document.Of("docs/templates.md").Blocks.Where(block => block.Language == "text").ToList();
        var source = new MemoryTemplateSource(blocks[0].Text, ("rules/style.txt", "Be brief."));

        var rendered = new AngleTemplateEngine().Parse(source).Render(new TemplateVariables("What is a lease?"));

        Assert.Equal(2, blocks.Count);
        Assert.Equal(blocks[1].Text, rendered);
    }
}
