using Bioproxy.Handlebars;

namespace Bioproxy.PluginTests.Handlebars;

public class TagScannerTests
{
    [Theory]
    [InlineData("{{> a.hbs}}", "a.hbs")]
    [InlineData("{{>a.hbs}}", "a.hbs")]
    [InlineData("{{ > a.hbs }}", "a.hbs")]
    [InlineData("{{~> a.hbs ~}}", "a.hbs")]
    [InlineData("{{#> a.hbs}}x{{/a.hbs}}", "a.hbs")]
    [InlineData("{{~#> a.hbs~}}x{{/a.hbs}}", "a.hbs")]
    [InlineData("{{> a.hbs b=\"c\" this}}", "a.hbs")]
    [InlineData("{{> \"a b.hbs\"}}", "a b.hbs")]
    [InlineData("{{> 'a b.hbs'}}", "a b.hbs")]
    [InlineData("{{> [a b.hbs]}}", "a b.hbs")]
    [InlineData("{{> 1.hbs}}", "1.hbs")]
    [InlineData("{{> ü/é.hbs}}", "ü/é.hbs")]
    [InlineData("\\\\{{> a.hbs}}", "a.hbs")]
    [InlineData("{{! > b.hbs }}{{> a.hbs}}", "a.hbs")]
    [InlineData("{{!-- {{> b.hbs}} --}}{{> a.hbs}}", "a.hbs")]
    [InlineData("{{!-- {{> b.hbs}}\n--}}{{> a.hbs}}", "a.hbs")]
    [InlineData("{{> (x)}}", "")]
    [InlineData("\\{{> a.hbs}}", null)]
    [InlineData("\\\\\\{{> a.hbs}}", null)]
    [InlineData("{{!-- {{> a.hbs}} --}}", null)]
    [InlineData("{{!> a.hbs}}", null)]
    [InlineData("{ {> a.hbs}}", null)]
    [InlineData("{{#if a}}> b{{/if}}", null)]
    public void Scan_Text_FindsThePartialsTheLibraryInserts(string text, string? expected) =>
        Assert.Equal(expected is null ? [] : [expected], TagScanner.Scan(text).Where(tag => tag.Kind == TagKind.Partial)
            .Select(tag => tag.Name));
}
