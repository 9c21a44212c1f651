using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Handlebars;
using Bioproxy.PluginTests.Engines;
using Bioproxy.Scriban;

namespace Bioproxy.PluginTests.Fuzz;

/// <summary>Any template is rendered, or refused with <see cref="TemplateException"/>.</summary>
public class EngineFuzzTests
{
    private static readonly string[] ScribanTexts =
    [
        "{{message}}", "{{ if message != '' }}yes {{ else }}no {{ end }}{{ message }}",
        "{{ for n in 1..3 }}{{ n }}{{ end }} {{ message }}",
        "{{ func twice(x) }}{{ x }}{{ x }}{{ end }}{{ twice message }}", "{{ include 'a.sbn' }}{{ message | string.upcase }}",
        "{{ capture all }}[{{ message }}]{{ end }}{{ all }}", "{%{ {{ raw }} }%} {{- message -}}",
    ];

    private static readonly string[] HandlebarsTexts =
    [
        "{{message}}", "{{#if message}}yes {{else}}no {{/if}}{{message}}", "{{#with message}}{{this}}{{/with}}",
        "{{lookup this \"message\"}}",
        "{{#*inline \"n\"}}[{{message}}]{{/inline}}{{> n}}{{> a.hbs}}", "{{! c }}{{!-- {{> x}} --}}\\{{message}} {{~message~}}",
        "{{{message}}}",
    ];

    [Fact]
    public void Scriban_AnyTemplate_IsRenderedOrRefused()
    {
        using var services = new FakeServices();
        string[] tokens =
        [
            "{{", "}}", "{{ end }}", "{{ for x in 1..3 }}", "message", "include 'a.sbn'", "include", "|", "..", "func f", "f f", "$",
            "ret",
        ];
        Run(new ScribanEngine(services), ScribanTexts, tokens);
    }

    [Fact]
    public void Handlebars_AnyTemplate_IsRenderedOrRefused()
    {
        using var services = new FakeServices();
        string[] tokens =
        [
            "{{", "}}", "{{{", "}}}", "{{#if ", "{{/if}}", "{{#each ", "{{> a.hbs}}", "{{>", "{{#*inline \"x\"}}", "../", "@root",
            "message", "{{else}}", "~",
        ];
        Run(new HandlebarsEngine(services), HandlebarsTexts, tokens);
    }

    private static void Run(ITemplateEngine engine, string[] seeds, string[] tokens) => FuzzRun.Text(seeds, tokens, text =>
    {
        try
        {
            var source = new MemoryTemplateSource(text, ("a.sbn", "{{ include 'a.sbn' }}"), ("a.hbs", "{{> a.hbs}}"));
            _ = engine.Parse(source).Render(new TemplateVariables("{{message}}"));
        }
        catch (TemplateException e)
        {
            Assert.NotEmpty(e.Message);
        }
    });
}
