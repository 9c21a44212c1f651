using Bioproxy.Abstractions;
using Bioproxy.PrefixExpander;
using Bioproxy.UnitTests.Plugins;

namespace Bioproxy.UnitTests.PrefixExpander;

public sealed class SampleTemplatesTests
{
    [Theory]
    [InlineData("code.txt")]
    [InlineData("review.md")]
    public void Sample_Rendered_EndsWithTheMessage(string name)
    {
        var text = File.ReadAllText(Path.Combine(FixturePlugins.RepositoryRoot, "templates", name));

        var rendered = new AngleTemplateEngine().Parse(new MemoryTemplateSource(text)).Render(new TemplateVariables("What is it?"));

        // All that is static stands before the message: that is what can be kept warm.
        Assert.EndsWith("\n\nWhat is it?\n", rendered, StringComparison.Ordinal);
        Assert.Equal(rendered, text.Replace("<<message>>", "What is it?", StringComparison.Ordinal));
    }
}
