using Bioproxy.Abstractions;
using Bioproxy.Handlebars;
using Bioproxy.PluginTests.Engines;

namespace Bioproxy.PluginTests.Handlebars;

public class HandlebarsEngineTests
{
    private const string Both = """{ "variables": ["model", "date"] }""";

    private static readonly DateTimeOffset Time = new(2024, 5, 6, 7, 8, 9, TimeSpan.FromHours(2));

    [Theory]
    [InlineData("{{message}}", "Hi")]
    [InlineData("a {{message}} b {{message}} c", "a Hi b Hi c")]
    [InlineData("{{ message }}", "Hi")]
    [InlineData("{{{message}}}", "Hi")]
    [InlineData("{{this.message}} {{./message}} {{@root.message}} {{[message]}}", "Hi Hi Hi Hi")]
    [InlineData("<a href=\"x\">'&amp;' & {{message}}</a>", "<a href=\"x\">'&amp;' & Hi</a>")]
    [InlineData("{{#if message}}yes {{else}}no {{/if}}{{message}}", "yes Hi")]
    [InlineData("{{#unless message}}none{{/unless}}{{message}}", "Hi")]
    [InlineData("{{#with message}}{{this}}{{/with}}", "Hi")]
    [InlineData("{{lookup this \"message\"}}", "Hi")]
    [InlineData("{{#*inline \"n\"}}[{{message}}]{{/inline}}{{> n}}{{> n}}", "[Hi][Hi]")]
    [InlineData("{{! a comment }}{{!-- {{> none.hbs}} --}}{{message}}", "Hi")]
    [InlineData("\\{{message}} {{message}}", "{{message}} Hi")]
    [InlineData("\\\\{{message}}", "\\Hi")]
    [InlineData("\\{{> none.hbs}} {{message}}", "{{> none.hbs}} Hi")]
    [InlineData("{ {message} } {{message}} int x = {0};", "{ {message} } Hi int x = {0};")]
    [InlineData("a {{~message~}} b", "aHib")]
    public void Render_Template_IsAsHandlebarsHasIt(string template, string expected) => Assert.Equal(expected, Render(template, "Hi"));

    [Theory]
    [InlineData("a\r\n{{message}}\r\nb\r\n", "a\r\nHi\r\nb\r\n")] // a variable alone on a line keeps its line
    [InlineData("a\n  {{message}}\nb", "a\n  Hi\nb")]
    [InlineData("a\r\n{{#if message}}\r\n{{message}}\r\n{{/if}}\r\nb", "a\r\nHi\r\nb")] // tags of blocks alone on a line vanish with it
    [InlineData("a\n  {{! note }}  \nb {{message}}", "a\nb Hi")]
    [InlineData("{{message}}\n\n", "Hi\n\n")]
    public void Render_LineEnds_AreKeptExceptAroundStandaloneTags(string template, string expected) =>
        Assert.Equal(expected, Render(template, "Hi"));

    [Theory]
    [InlineData("{{message}} {{> secret.hbs}} {{{message}}} \\{{x}} {{#if}}")]
    [InlineData("<script>alert(\"x\" & 'y')</script> &lt; \u00e9 \ud83d\ude00 \u0001")]
    [InlineData("line\r\nline\n\n\ttab  ")]
    [InlineData("")]
    public void Render_AnyMessage_StandsThereUnchanged(string message) => Assert.Equal($"<{message}>", Render("<{{message}}>", message));

    [Fact]
    public void Render_Partials_AreInsertedWhereTheyStand()
    {
        var source = new MemoryTemplateSource(
            "{{> a.hbs}}|{{> \"with space.hbs\"}}|{{> 'parts/b.hbs'}}|{{> [c.hbs]}}|{{>../d-1.hbs}}|{{message}}",
            ("a.hbs", "A({{> parts/b.hbs}})"),
            ("parts/b.hbs", "B{{message}}"),
            ("with space.hbs", "S"),
            ("c.hbs", "C\r\n"),
            ("../d-1.hbs", "<D>"));

        Assert.Equal("A(BHi)|S|BHi|C\r\n|<D>|Hi", Engine().Parse(source).Render(new TemplateVariables("Hi")));
        Assert.Equal(["a.hbs", "parts/b.hbs", "with space.hbs", "c.hbs", "../d-1.hbs"], source.Included);
    }

    [Fact]
    public void Render_PartialAloneOnALine_IsIndentedLikeItsTag()
    {
        var source = new MemoryTemplateSource("x\n  {{> a.hbs}}\ny {{message}}", ("a.hbs", "one\ntwo\n"));

        Assert.Equal("x\n  one\n  two\ny Hi", Engine().Parse(source).Render(new TemplateVariables("Hi")));
    }

    [Fact]
    public void Render_MessageInAnIndentedPartial_IsIndentedToo()
    {
        var source = new MemoryTemplateSource("  {{> a.hbs}}\n{{message}}", ("a.hbs", "{{message}}\n"));

        Assert.Equal("  one\n  two\none\ntwo", Engine().Parse(source).Render(new TemplateVariables("one\ntwo")));
    }

    [Fact]
    public void Render_PartialWithArgumentsAndLayout_SeesThem()
    {
        var source = new MemoryTemplateSource(
            "{{> greet.hbs name=\"Ann\"}}{{#> layout.hbs}}body {{message}}{{/layout.hbs}}",
            ("greet.hbs", "{{name}}: {{message}}; "),
            ("layout.hbs", "[{{> @partial-block}}]"));

        Assert.Equal("Ann: Hi; [body Hi]", Engine().Parse(source).Render(new TemplateVariables("Hi")));
    }

    [Fact]
    public void Parse_PartialBehindACondition_IsReadAtOnce()
    {
        var source = new MemoryTemplateSource("{{#unless message}}{{> empty.hbs}}{{/unless}}{{message}}", ("empty.hbs", "Say something."));

        var template = Engine().Parse(source);

        Assert.Equal(["empty.hbs"], source.Included);
        Assert.Equal("Say something.", template.Render(new TemplateVariables("")));
        Assert.Equal(["empty.hbs"], source.Included);
    }

    [Fact]
    public void Parse_MissingPartial_ErrorNamesItsPlaceAndTheEscape()
    {
        var error = Error("one\ntwo {{> none.hbs}} {{message}}");

        Assert.Equal((2, 5), (error.Line, error.Column));
        Assert.Equal("cannot include 'none.hbs': the file 'none.hbs' does not exist. If {{ is meant literally, write \\{{.", error.Message);
    }

    [Fact]
    public void Parse_MissingPartialInAPartial_ErrorNamesTheFile()
    {
        var error = Error("{{> a.hbs}}{{message}}", files: ("a.hbs", "\n {{> none.hbs}}"));

        Assert.Equal(0, error.Line);
        Assert.StartsWith("a.hbs, line 2, column 2: cannot include 'none.hbs'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_PartialsInACircle_ErrorNamesTheChain()
    {
        var error = Error("{{> a}}{{message}}", files: [("a", "{{> b}}"), ("b", "{{> c}}"), ("c", "{{> b}}")]);

        Assert.Contains("b → c → b.", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("c, line 1, column 1: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_PartialOfItself_ErrorNamesTheChain() =>
        Assert.Contains("a → a.", Error("{{> a}}{{message}}", files: ("a", "{{> a}}")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{> (lookup this \"message\")}}{{message}}", "cannot be computed")]
    [InlineData("{{> A.hbs}}{{> a.hbs}}{{message}}", "differ only in case")]
    [InlineData("{{#each this}}{{/each}}{{message}}", "{{#each}}")]
    [InlineData("{{#each message}}{{this}}{{/each}}{{message}}", "{{#each}}")]
    public void Parse_WhatCannotBeBounded_IsAnError(string template, string expected) =>
        Assert.Contains(expected, Error(template, files: [("A.hbs", ""), ("a.hbs", "")]).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("no words")]
    [InlineData("")]
    [InlineData("{{#if message}}a message{{/if}}")]
    [InlineData("{{! {{message}}")]
    [InlineData("\\{{message}}")]
    public void Parse_WithoutMessage_IsAnError(string template) =>
        Assert.StartsWith("the template does not write {{message}}: the user's words would be lost.", Error(template).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Parse_MessageOnlyWithAModel_IsAnError() =>
        Assert.Contains("when the request names no model", Error("{{#if model}}{{message}}{{/if}}", Both).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("{{message}}{{model}}", "'model'")]
    [InlineData("{{message}}{{date}}", "'date'")]
    [InlineData("{{#if model}}{{/if}}{{message}}", "'model'")]
    [InlineData("{{#unless message}}{{date}}{{/unless}}{{message}}", "'date'")]
    public void Parse_VolatileVariableNotSwitchedOn_ErrorNamesTheSetting(string template, string variable)
    {
        var error = Error(template);

        Assert.StartsWith(variable, error.Message, StringComparison.Ordinal);
        Assert.Contains("'plugins.Bioproxy.Handlebars.variables'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_VolatileVariableNotSwitchedOnInAPartial_ErrorNamesThePartial() =>
        Assert.StartsWith("in the partial 'a.hbs': 'model' is not switched on",
            Error("{{> a.hbs}}{{message}}", files: ("a.hbs", "{{model}}")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{mesage}}{{message}}", "'mesage' is unknown: the variables are message.")]
    [InlineData("{{Message}}{{message}}", "'Message' is unknown: the variables are message.")]
    [InlineData("{{message.Length}}{{message}}", "'Length' is unknown: the variables are message.")]
    [InlineData("{{upper message}}{{message}}", "'upper' is unknown: the variables are message.")]
    public void Parse_UnknownName_ErrorNamesIt(string template, string expected) => Assert.Equal(expected, Error(template).Message);

    [Theory]
    [InlineData("{{message}}\n\n {{#if message}}", 0)]
    [InlineData("{{/if}}{{message}}", 0)]
    [InlineData("{{message}}\n\nx{{&message}}", 3)]
    [InlineData("a\n{{message", 2)]
    public void Parse_BrokenTemplate_IsAnErrorWithItsLineWhereKnown(string template, int line) => Assert.Equal(line, Error(template).Line);

    [Fact]
    public void Render_VolatileVariables_AreThoseOfTheRequest()
    {
        var template = Engine(Both).Parse(new MemoryTemplateSource("{{message}} ({{model}}, {{date}})"));

        Assert.Equal("Hi (qwen, 2024-05-06)", template.Render(new TemplateVariables("Hi") { Model = "qwen", Time = Time }));
        Assert.Equal("Hi (, 2024-05-06)", template.Render(new TemplateVariables("Hi") { Time = Time }));
    }

    [Fact]
    public void Render_DateFormat_IsThatOfTheSettings()
    {
        var template = Engine("""{ "variables": ["date"], "date_format": "dddd, d MMMM yyyy HH:mm zzz" }""")
            .Parse(new MemoryTemplateSource("{{message}} {{date}}"));

        Assert.Equal("Hi Monday, 6 May 2024 07:08 +02:00", template.Render(new TemplateVariables("Hi") { Time = Time }));
    }

    [Theory]
    [InlineData("{{model}}{{message}}", "model")]
    [InlineData("{{date}} {{message}} {{date}}", "date")]
    [InlineData("{{date}} {{model}} {{message}}", "model and date")]
    [InlineData("{{#if model}}a model{{/if}} {{message}}", "model")]
    [InlineData("{{> head.hbs}} {{message}}", "date")]
    public void Parse_VolatileBeforeTheMessage_IsOneWarningWithTheRemedy(string template, string variables)
    {
        var logger = new ListLogger();

        Engine(Both, logger).Parse(new MemoryTemplateSource(template, ("head.hbs", "Today is {{date}}.")));

        var (level, text) = Assert.Single(logger.Lines);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, level);
        Assert.Equal($"Template /templates/it writes {variables} before the message: the KV cache of all that follows is lost whenever "
            + $"the value changes. Move it behind {{{{message}}}}", text);
    }

    [Theory]
    [InlineData("{{message}}{{model}}{{date}}")]
    [InlineData("{{message}} {{date}} {{message}}")]
    [InlineData("{{! {{date}} }}{{message}}")]
    [InlineData("{{#if date}}It is a day. {{/if}}{{message}}")]
    public void Parse_NothingVolatileBeforeTheMessage_WarnsOfNothing(string template)
    {
        var logger = new ListLogger();

        Engine(Both, logger).Parse(new MemoryTemplateSource(template));

        Assert.Empty(logger.Lines);
    }

    [Theory]
    [InlineData("""{ "variables": ["time"] }""", "plugins.Bioproxy.Handlebars.variables has 'time'")]
    [InlineData("""{ "variables": null }""", "plugins.Bioproxy.Handlebars")]
    [InlineData("""{ "variable": ["date"] }""", "variable")]
    [InlineData("""{ "date_format": "" }""", "plugins.Bioproxy.Handlebars.date_format ''")]
    [InlineData("""{ "date_format": "q" }""", "plugins.Bioproxy.Handlebars.date_format 'q'")]
    public void Create_SettingThatCannotBeUsed_ErrorNamesIt(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<PluginSettingsException>(() => Engine(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Render_FromManyThreads_GivesEachItsOwnText()
    {
        var template = Engine(Both).Parse(new MemoryTemplateSource("{{> head.hbs}}\n  {{> head.hbs}}\n{{#if model}}{{model}}{{/if}}: "
            + "{{message}}", ("head.hbs", "<{{message}}>")));

        System.Threading.Tasks.Parallel.For(0, 2000, i =>
        {
            var message = $"message {i}";
            Assert.Equal($"<{message}>  <{message}>{i}: {message}", template.Render(new TemplateVariables(message) { Model = $"{i}" }));
        });
    }

    [Fact]
    public void Parse_TwoTemplates_KeepTheirPartialsApart()
    {
        var engine = Engine();
        var one = engine.Parse(new MemoryTemplateSource("{{> a.hbs}}{{message}}", ("a.hbs", "1")));
        var two = engine.Parse(new MemoryTemplateSource("{{> a.hbs}}{{message}}", ("a.hbs", "2")));

        Assert.Equal("1x2x", one.Render(new TemplateVariables("x")) + two.Render(new TemplateVariables("x")));
    }

    [Fact]
    public void Parse_PartialsTooDeep_IsAnError()
    {
        var files = Enumerable.Range(1, 17).Select(i => ($"p{i}", i == 17 ? "end" : $"{{{{> p{i + 1}}}}}")).ToArray();

        Assert.Contains("more than 16 deep", Error("{{> p1}}{{message}}", files: files).Message, StringComparison.Ordinal);
        Assert.Equal("endx", Engine().Parse(new MemoryTemplateSource("{{> p2}}{{message}}", files)).Render(new TemplateVariables("x")));
    }

    [Fact]
    public void Parse_PartialsThatMultiply_IsAnErrorAtOnce()
    {
        var files = Enumerable.Range(1, 15).Select(i =>
            ($"p{i}", i == 15 ? "" : string.Concat(Enumerable.Repeat($"{{{{> p{i + 1}}}}}", 10)))).ToArray();

        Assert.Contains("more than 10000 partials", Error("{{> p1}}{{message}}", files: files).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TooMuchText_IsAnError() =>
        Assert.Contains("more than 4194304 characters", Error("{{> a}}{{message}}", files: ("a", new string('x', 4 << 20))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Parse_TooManyTags_IsAnError()
    {
        // Without the limit this one ends the whole process: each else is a call within the one before.
        var error = Error("{{#if message}}{{message}}" + string.Concat(Enumerable.Repeat("{{else if message}}", 20_000)) + "{{/if}}");

        Assert.Contains("more than 1000 tags", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_DeepButAllowed_DoesNotEndTheProcess()
    {
        var chained = "{{#if message}}{{message}}" + string.Concat(Enumerable.Repeat("{{else if message}}", 997)) + "{{/if}}";
        var nested = string.Concat(Enumerable.Repeat("{{#if message}}", 499)) + "{{message}}" + string.Concat(Enumerable.Repeat("{{/if}}",
            499));

        Assert.Equal("x", Render(chained, "x"));
        Assert.Equal("x", Render(nested, "x"));
    }

    [Fact]
    public void Parse_TagTooLong_IsAnError() =>
        Assert.Contains("a tag with more than 1000 characters", Error("{{message}}{{#if " + new string('(', 1000) + "}}").Message,
            StringComparison.Ordinal);

    [Fact]
    public void Render_TooMuchOutput_IsAnError()
    {
        var source = new MemoryTemplateSource(string.Concat(Enumerable.Repeat("{{> a}}", 9)) + "{{message}}",
            ("a", new string('x', 1 << 19)));

        Assert.Contains("more than 4194304 characters", Assert.Throws<TemplateException>(() => Engine().Parse(source)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Render_LongMessage_DoesNotCountAgainstTheTemplate()
    {
        var message = new string('m', 5 << 20);

        Assert.Equal("a " + message, Render("a {{message}}", message));
    }

    [Fact]
    public void Unload_AfterUse_LeavesNothingBehind() =>
        Assert.False(UnloadablePlugin.IsHeldAfter(["Bioproxy.Handlebars", "Handlebars"], typeof(HandlebarsEngine).FullName!, engine =>
    {
        var source = new MemoryTemplateSource("{{date}} {{> a.hbs}}\n{{#if model}}{{model}}{{/if}} {{message}}",
            ("a.hbs", "A {{message}}"));
        Assert.NotSame(typeof(HandlebarsEngine), engine.GetType());
        var template = engine.Parse(source);
        // The library keeps its surroundings by thread.
        System.Threading.Tasks.Parallel.For(0, 100, _ =>
            Assert.Equal("2024-05-06 A Hi\nm Hi", template.Render(new TemplateVariables("Hi") { Model = "m", Time = Time })));
        Assert.Throws<TemplateException>(() => engine.Parse(new MemoryTemplateSource("{{none}}")));
    }));

    [Fact]
    public void Unload_WhileHeld_IsNoticed()
    {
        ITemplateEngine? held = null;

        Assert.True(UnloadablePlugin.IsHeldAfter(["Bioproxy.Handlebars", "Handlebars"], typeof(HandlebarsEngine).FullName!,
            engine => held = engine));
        GC.KeepAlive(held);
    }

    private static HandlebarsEngine Engine(string json = "{}", ListLogger? logger = null)
    {
        using var services = new FakeServices { PluginName = "Bioproxy.Handlebars", Json = json, Logger = logger ?? new ListLogger() };
        return new HandlebarsEngine(services);
    }

    private static string Render(string template, string message) =>
        Engine().Parse(new MemoryTemplateSource(template)).Render(new TemplateVariables(message));

    private static TemplateException Error(string template, string json = "{}", params (string Path, string Text)[] files) =>
        Assert.Throws<TemplateException>(() => Engine(json).Parse(new MemoryTemplateSource(template, files)));
}
