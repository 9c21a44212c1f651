using Bioproxy.Abstractions;
using Bioproxy.PluginTests.Engines;
using Bioproxy.Scriban;

namespace Bioproxy.PluginTests.Scriban;

public class ScribanEngineTests
{
    private const string Both = """{ "variables": ["model", "date"] }""";

    private static readonly DateTimeOffset Time = new(2024, 5, 6, 7, 8, 9, TimeSpan.FromHours(2));

    [Theory]
    [InlineData("{{message}}", "Hi")]
    [InlineData("a {{ message }} b {{ message }} c", "a Hi b Hi c")]
    [InlineData("<a href=\"x\">'&amp;' & {{message}}</a>", "<a href=\"x\">'&amp;' & Hi</a>")]
    [InlineData("{{ if message != '' }}yes {{ else }}no {{ end }}{{ message }}", "yes Hi")]
    [InlineData("{{ for n in 1..3 }}{{ n }}{{ end }} {{ message }}", "123 Hi")]
    [InlineData("{{ message | string.upcase }}", "HI")]
    [InlineData("{{ func twice(x) }}{{ x }}{{ x }}{{ end }}{{ twice message }}", "HiHi")]
    [InlineData("{{ capture all }}[{{ message }}]{{ end }}{{ all }}", "[Hi]")]
    [InlineData("{{ $m = message; $m }}", "Hi")]
    [InlineData("{{ { model: message }.model }}", "Hi")]
    [InlineData("{{ # {{ no comment }}{{ message }}", "Hi")]
    [InlineData("{%{ {{ raw }} }%} {{message}}", " {{ raw }}  Hi")]
    [InlineData("{ {message} } {{message}} int x = {0};", "{ {message} } Hi int x = {0};")]
    [InlineData("a {{- message -}} b", "aHib")]
    public void Render_Template_IsAsScribanHasIt(string template, string expected) => Assert.Equal(expected, Render(template, "Hi"));

    [Theory]
    [InlineData("a\r\n{{message}}\r\nb\r\n", "a\r\nHi\r\nb\r\n")]
    [InlineData("a\n  {{message}}\nb", "a\n  Hi\nb")]
    [InlineData("a\n{{~ if true ~}}\n{{message}}\n{{~ end ~}}\nb", "a\nHi\nb")]
    [InlineData("{{message}}\n\n", "Hi\n\n")]
    public void Render_LineEnds_AreKept(string template, string expected) => Assert.Equal(expected, Render(template, "Hi"));

    [Theory]
    [InlineData("{{message}} {{ include 'secret.sbn' }} {{{message}}} \\{{x}} {{ if }} {%{")]
    [InlineData("<script>alert(\"x\" & 'y')</script> &lt; \u00e9 \ud83d\ude00 \u0001")]
    [InlineData("line\r\nline\n\n\ttab  ")]
    [InlineData("")]
    public void Render_AnyMessage_StandsThereUnchanged(string message) =>
        Assert.Equal($"<\n  {message}>", Render("<\n  {{message}}>", message));

    [Fact]
    public void Render_Includes_AreInsertedWhereTheyStand()
    {
        var source = new MemoryTemplateSource(
            "{{ include 'a.sbn' }}|{{ include \"with space.sbn\" }}|{{include 'parts/b.sbn'}}|{{ message }}",
            ("a.sbn", "A({{ include 'parts/b.sbn' }})"),
            ("parts/b.sbn", "B{{ message }}"),
            ("with space.sbn", "S\r\n"));

        Assert.Equal("A(BHi)|S\r\n|BHi|Hi", Engine().Parse(source).Render(new TemplateVariables("Hi")));
        Assert.Equal(["a.sbn", "parts/b.sbn", "with space.sbn"], source.Included);
    }

    [Fact]
    public void Render_IndentedInclude_IsNotIndented()
    {
        var source = new MemoryTemplateSource("x\n  {{ include 'a.sbn' }}\n{{ message }}", ("a.sbn", "one\ntwo"));

        Assert.Equal("x\n  one\ntwo\nHi", Engine().Parse(source).Render(new TemplateVariables("Hi")));
    }

    [Fact]
    public void Render_IncludeWithArguments_SeesThem()
    {
        var source = new MemoryTemplateSource("{{ include 'greet.sbn' 'Ann' date: 'x' }}{{ message }}",
            ("greet.sbn", "{{ $1 }}{{ $date }}: "));

        Assert.Equal("Annx: Hi", Engine().Parse(source).Render(new TemplateVariables("Hi")));
    }

    [Theory]
    [InlineData("{{ if message == '' }}{{ include 'part.sbn' }}{{ end }}{{ message }}")]
    [InlineData("{{ func f }}{{ include 'part.sbn' }}{{ end }}{{ message }}")]
    [InlineData("{{ f = do; ret include 'part.sbn'; end }}{{ message }}")]
    [InlineData("{{ for i in [] }}{{ x = include('part.sbn') | string.upcase }}{{ end }}{{ message }}")]
    [InlineData("{{ message }}{{ if message == 'never' }}{{ $'a{include 'part.sbn'}' }}{{ end }}")]
    [InlineData("{{ message }}{{ case message }}{{ when 'never' }}{{ { a: [include 'part.sbn'] } }}{{ end }}")]
    [InlineData("{{ message }}{{ message == 'never' ? (include 'part.sbn') : '' }}")]
    [InlineData("{{ message }}{{ if false; wrap (include 'part.sbn'); end; end }}")]
    public void Parse_IncludeThatIsNotReached_IsReadAtOnce(string template)
    {
        var source = new MemoryTemplateSource(template, ("part.sbn", ""));

        Engine().Parse(source);

        Assert.Equal(["part.sbn"], source.Included);
    }

    [Fact]
    public void Parse_MissingInclude_ErrorNamesItsPlace()
    {
        var error = Error("one\ntwo {{ include 'none.sbn' }} {{message}}");

        Assert.Equal((2, 8), (error.Line, error.Column));
        Assert.Equal("cannot include 'none.sbn': the file 'none.sbn' does not exist.", error.Message);
    }

    [Fact]
    public void Parse_MissingIncludeInAnInclude_ErrorNamesTheFile()
    {
        var error = Error("{{ include 'a.sbn' }}{{message}}", files: ("a.sbn", "\n {{include 'none.sbn'}}"));

        Assert.Equal(0, error.Line);
        Assert.StartsWith("a.sbn, line 2, column 4: cannot include 'none.sbn'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_IncludesInACircle_ErrorNamesTheChain()
    {
        var error = Error("{{ include 'a' }}{{message}}",
            files: [("a", "{{ include 'b' }}"), ("b", "{{ include 'c' }}"), ("c", "{{ include 'b' }}")]);

        Assert.Contains("b → c → b.", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("c, line 1, column 4: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ include message }}{{ message }}")]
    [InlineData("{{ include ('a' + '.sbn') }}{{ message }}")]
    [InlineData("{{ include $'{message}' }}{{ message }}")]
    [InlineData("{{ 'a.sbn' | include }}{{ message }}")]
    [InlineData("{{ f = @include; f 'a.sbn' }}{{ message }}")]
    [InlineData("{{ include_join ['a.sbn'] ',' }}{{ message }}")]
    [InlineData("{{ if false; include message; end }}{{ message }}")]
    public void Parse_IncludeWithoutAConstantName_IsAnError(string template) =>
        Assert.Contains("the name cannot be computed", Error(template, files: ("a.sbn", "")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("no words")]
    [InlineData("")]
    [InlineData("{{ if message != '' }}a message{{ end }}")]
    [InlineData("{{ message | string.size }}")]
    [InlineData("{{ # message }}")]
    public void Parse_WithoutMessage_IsAnError(string template) =>
        Assert.StartsWith("the template does not write {{message}}: the user's words would be lost.", Error(template).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Parse_MessageOnlyWithAModel_IsAnError() =>
        Assert.Contains("when the request names no model", Error("{{ if model }}{{ message }}{{ end }}", Both).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ message }}\n{{ model }}", "'model'", 4)]
    [InlineData("{{ message }}\n{{ date }}", "'date'", 4)]
    [InlineData("{{ message }}\n{{ date.now }}", "'date'", 4)]
    [InlineData("{{ message }}\n{{ '2020' | date.parse }}", "'date'", 13)]
    [InlineData("{{ message }}\n{{ if false }}{{ model }}{{ end }}", "'model'", 18)]
    public void Parse_VolatileVariableNotSwitchedOn_ErrorNamesTheSettingAndThePlace(string template, string variable, int column)
    {
        var error = Error(template);

        Assert.StartsWith(variable, error.Message, StringComparison.Ordinal);
        Assert.Contains("'plugins.Bioproxy.Scriban.variables'", error.Message, StringComparison.Ordinal);
        Assert.Equal((2, column), (error.Line, error.Column));
    }

    [Theory]
    [InlineData("{{ math.uuid }}", "'math.uuid' gives another text each time")]
    [InlineData("{{ math.random 1 6 }}", "'math.random' gives another text each time")]
    [InlineData("{{ if false; message | object.eval_template; end }}", "'object.eval_template' would run text as a template")]
    [InlineData("{{ object.eval message }}", "'object.eval' would run text as a template")]
    [InlineData("{{ m = math; m.uuid }}", "uuid")]
    [InlineData("{{ math['uuid'] }}", "Cannot access target `math` with an indexer")]
    [InlineData("{{ math.pi = 3 }}", "Unexpected exception while accessing target expression: ")]
    [InlineData("{{ date.now }}", "Cannot get member with name now.")]
    public void Parse_FunctionThatIsNotPure_IsAnError(string template, string expected) =>
        Assert.Contains(expected, Error("{{ message }}" + template, Both).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ message }}\n{{ mesage }}", 2, "mesage")]
    [InlineData("{{ message }}\n{{ message.nothing }}", 2, "nothing")]
    [InlineData("{{ message }}\n{{ nothing message }}", 2, "nothing")]
    [InlineData("{{ message }}\n\n {{ if message }}", 3, "end")]
    [InlineData("{{ message }}\n{{ end }}", 2, "end")]
    [InlineData("{{ message }}\n{{ 1 + }}", 2, "")]
    [InlineData("a\n{{ 11e9999999", 2, "number is too large")]
    [InlineData("{{ message }}\n\n{{ 0.5E+1000 }}", 3, "number is too large")]
    public void Parse_BrokenTemplate_IsAnErrorWithItsPlace(string template, int line, string expected)
    {
        var error = Error(template);

        Assert.Equal(line, error.Line);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_VolatileVariables_AreThoseOfTheRequest()
    {
        var template = Engine(Both).Parse(new MemoryTemplateSource("{{ message }} ({{ model }}, {{ date }})"));

        Assert.Equal("Hi (qwen, 2024-05-06)", template.Render(new TemplateVariables("Hi") { Model = "qwen", Time = Time }));
        Assert.Equal("Hi (, 2024-05-06)", template.Render(new TemplateVariables("Hi") { Time = Time }));
    }

    [Fact]
    public void Render_DateFormat_IsThatOfTheSettings()
    {
        var template = Engine("""{ "variables": ["date"], "date_format": "dddd, d MMMM yyyy HH:mm zzz" }""")
            .Parse(new MemoryTemplateSource("{{ message }} {{ date }}"));

        Assert.Equal("Hi Monday, 6 May 2024 07:08 +02:00", template.Render(new TemplateVariables("Hi") { Time = Time }));
    }

    [Theory]
    [InlineData("{{ model }}{{ message }}", "model")]
    [InlineData("{{ date }} {{ message }} {{ date }}", "date")]
    [InlineData("{{ date }} {{ model }} {{ message }}", "model and date")]
    [InlineData("{{ if model }}a model{{ end }} {{ message }}", "model")]
    [InlineData("{{ d = date }}{{ include 'head.sbn' }} {{ message }}", "date")]
    public void Parse_VolatileBeforeTheMessage_IsOneWarningWithTheRemedy(string template, string variables)
    {
        var logger = new ListLogger();

        Engine(Both, logger).Parse(new MemoryTemplateSource(template, ("head.sbn", "Today is {{ d }}.")));

        var (level, text) = Assert.Single(logger.Lines);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, level);
        Assert.Equal($"Template /templates/it writes {variables} before the message: the KV cache of all that follows is lost whenever "
            + $"the value changes. Move it behind {{{{message}}}}", text);
    }

    [Theory]
    [InlineData("{{ message }}{{ model }}{{ date }}")]
    [InlineData("{{ message }} {{ date }} {{ message }}")]
    [InlineData("{{ # date }}{{ message }}")]
    [InlineData("{{ if date }}It is a day. {{ end }}{{ message }}")]
    public void Parse_NothingVolatileBeforeTheMessage_WarnsOfNothing(string template)
    {
        var logger = new ListLogger();

        Engine(Both, logger).Parse(new MemoryTemplateSource(template));

        Assert.Empty(logger.Lines);
    }

    [Theory]
    [InlineData("""{ "variables": ["time"] }""", "plugins.Bioproxy.Scriban.variables has 'time'")]
    [InlineData("""{ "variable": ["date"] }""", "variable")]
    [InlineData("""{ "date_format": "q" }""", "plugins.Bioproxy.Scriban.date_format 'q'")]
    public void Create_SettingThatCannotBeUsed_ErrorNamesIt(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<PluginSettingsException>(() => Engine(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Render_FromManyThreads_GivesEachItsOwnText()
    {
        var template = Engine(Both).Parse(new MemoryTemplateSource(
            "{{ $n = 0; for i in 1..10; $n = $n + i; end; x = message }}{{ include 'head.sbn' }} {{ $n }} {{ model }}: {{ message | "
            + "string.upcase }}",
            ("head.sbn", "<{{ x }}>")));

        System.Threading.Tasks.Parallel.For(0, 2000, i =>
            Assert.Equal($"<message {i}> 55 {i}: MESSAGE {i}", template.Render(new TemplateVariables($"message {i}") { Model = $"{i}" })));
    }

    [Fact]
    public void Render_AfterATemplateSetAVariable_StartsAnew()
    {
        var template = Engine().Parse(new MemoryTemplateSource("{{ if message == 'first' }}{{ seen = 1 }}{{ else }}{{ seen = 0 }}{{ end "
            + "}}{{ message }}{{ seen }}"));

        Assert.Equal("first1", template.Render(new TemplateVariables("first")));
        Assert.Equal("second0", template.Render(new TemplateVariables("second")));
    }

    [Theory]
    [InlineData("{{ 1e3 }} {{ 0xE999999999 > 1 }} {{ message }}", "1000 true Hi")]
    [InlineData("11e9999999 {{ message }}", "11e9999999 Hi")]
    [InlineData("{{ '11e9999999' }} {{ message }}", "11e9999999 Hi")]
    public void Parse_NumbersOfASensibleSize_AreNumbers(string template, string expected) => Assert.Equal(expected, Render(template, "Hi"));

    [Fact]
    public void Parse_IncludesTooDeep_IsAnError()
    {
        var files = Enumerable.Range(1, 17).Select(i => ($"p{i}", i == 17 ? "end" : $"{{{{ include 'p{i + 1}' }}}}")).ToArray();

        Assert.Contains("more than 16 deep", Error("{{ include 'p1' }}{{ message }}", files: files).Message, StringComparison.Ordinal);
        Assert.Equal("endx", Engine().Parse(new MemoryTemplateSource("{{ include 'p2' }}{{ message }}",
            files)).Render(new TemplateVariables("x")));
    }

    [Fact]
    public void Parse_TooMuchText_IsAnError() =>
        Assert.Contains("more than 4194304 characters",
            Error("{{ include 'a' }}{{ message }}", files: ("a", new string('x', 4 << 20))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ for i in 1..100000; end }}{{ message }}", "LoopLimit")]
    [InlineData("{{ while true; end }}{{ message }}", "iteration limit")]
    [InlineData("{{ func f; f; end; f }}{{ message }}", "recursive")]
    public void Parse_EndlessTemplate_IsAnError(string template, string expected) =>
        Assert.Contains(expected, Error(template).Message, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Render_TimeIsOver_IsAnError()
    {
        using var services = new FakeServices { TimeProvider = new ExpiredTime() };
        var engine = new ScribanEngine(services);

        var error = Assert.Throws<TemplateException>(() => engine.Parse(new MemoryTemplateSource("a\n{{ message }}")));

        Assert.Contains("takes longer than 2 seconds", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("1 + ", "")]
    [InlineData("false ? 1 : ", "")]
    [InlineData("if true;", ";end")]
    [InlineData("", " | object.default 1")]
    [InlineData("", ".a")]
    [InlineData("", "[0]")]
    [InlineData("", " + 1")]
    [InlineData("if false; ", " else if false; ")]
    public void Parse_NestedTooDeeply_IsAnError(string opening, string closing)
    {
        var text = "{{ message }}{{ " + string.Concat(Enumerable.Repeat(opening, 20_000)) + "$a" + string.Concat(Enumerable.Repeat(closing,
            20_000)) + " }}";

        Assert.Matches("depth limit|nested too deeply", Error(text).Message);
    }

    [Fact]
    public void Render_TooMuchOutput_IsAnError()
    {
        var long5 = "{{ for i in 1..10 }}" + new string('x', 1 << 19) + "{{ end }}";

        Assert.Contains("more than 4194304 characters besides the message", Error(long5 + "{{ message }}").Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Render_MoreThanTheLibraryCounts_IsAnErrorAndNotCut()
    {
        var hidden = "{{ for i in 1..100 }}{{ capture x }}" + new string('x', 1 << 19) + "{{ end }}{{ end }}";

        Assert.Contains("counting what includes and captures write", Error("{{ message }}" + hidden).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_LongMessage_IsNeverCut()
    {
        var message = new string('m', 9 << 20);
        var template = Engine().Parse(new MemoryTemplateSource("a {{ include 'b' }}",
            ("b", "{{ capture x }}{{ message }}{{ end }}{{ x }}")));

        Assert.Equal("a " + message, template.Render(new TemplateVariables(message)));
    }

    [Fact]
    public void Unload_AfterUse_LeavesNothingBehind() =>
        Assert.False(UnloadablePlugin.IsHeldAfter(["Bioproxy.Scriban", "Scriban"], typeof(ScribanEngine).FullName!, engine =>
    {
        var source = new MemoryTemplateSource("{{ date }} {{ include 'a.sbn' }} {{ message | string.upcase | regex.replace 'I' 'o' }}{{ "
            + "[1, 2] | array.join '-' }}", ("a.sbn", "A {{ message }} {{ model }}"));
        Assert.NotSame(typeof(ScribanEngine), engine.GetType());
        Assert.Equal("2024-05-06 A Hi m Ho1-2", engine.Parse(source).Render(new TemplateVariables("Hi") { Model = "m", Time = Time }));
        Assert.Throws<TemplateException>(() => engine.Parse(new MemoryTemplateSource("{{ none }}")));
    }));

    private static ScribanEngine Engine(string json = "{}", ListLogger? logger = null)
    {
        using var services = new FakeServices { PluginName = "Bioproxy.Scriban", Json = json, Logger = logger ?? new ListLogger() };
        return new ScribanEngine(services);
    }

    private static string Render(string template, string message) =>
        Engine().Parse(new MemoryTemplateSource(template)).Render(new TemplateVariables(message));

    private static TemplateException Error(string template, string json = "{}", params (string Path, string Text)[] files) =>
        Assert.Throws<TemplateException>(() => Engine(json).Parse(new MemoryTemplateSource(template, files)));
}
