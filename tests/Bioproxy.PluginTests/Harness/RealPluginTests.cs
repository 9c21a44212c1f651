using System.Text.Json.Nodes;
using Bioproxy.Handlebars;
using Bioproxy.Parallel;
using Bioproxy.PrefixStabiliser;
using Bioproxy.Rag;
using Bioproxy.Redactor;
using Bioproxy.Testing;

namespace Bioproxy.PluginTests.Harness;

/// <summary>The plugins of this repository inside the real host: whole requests, both ways.</summary>
public sealed class RealPluginTests : IDisposable
{
    private readonly string _notes = Directory.CreateTempSubdirectory("bioproxy-notes-").FullName;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redactor_SecretInTheMessage_IsMaskedForTheBackendAndRestoredForTheClient(bool stream)
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [PluginHarness.FolderOf<RedactTransform>()],
            Settings = { ["Bioproxy.Redactor"] = """{ "use": ["email"], "patterns": { "ticket": "ACME-[0-9]{4,}" } }""" },
            Answer = static _ => HarnessAnswer.Text("Mailed [EMAIL_1] about [TICKET_1]. Not [EMAIL_2].", chunkSize: 1),
        });

        var result = await host.ChatAsync("Mail ann@example.org about ACME-12345.", stream);

        Assert.Equal("Mail [EMAIL_1] about [TICKET_1].", Assert.Single(result.Backend).Messages[0].Text);
        Assert.DoesNotContain("ann@", result.Backend[0].Body, StringComparison.Ordinal);
        Assert.Equal("Mailed ann@example.org about ACME-12345. Not [EMAIL_2].", result.Text);
        Assert.DoesNotContain(host.Log, line => line.Contains("ann@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redactor_TemplateBeforeTheSecret_KeepsItsStaticPrefix()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [PluginHarness.FolderOf<RedactTransform>()],
            Settings = { ["Bioproxy.Redactor"] = """{ "use": ["email"] }""" },
            Templates = { ["@mail"] = "You write mails for boss@example.org.\n<<message>>" },
        });

        Assert.Equal("You write mails for [EMAIL_1].\n", await host.StaticPrefixOfAsync("@mail"));
    }

    /// <summary>
    /// A date and a model are another one in each rehearsal: what is kept warm ends before them, and goes on to the message behind none.
    /// </summary>
    [Fact]
    public async Task Handlebars_VolatileValueBeforeTheMessage_EndsTheStaticPrefix()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [PluginHarness.FolderOf<HandlebarsEngine>()],
            Settings = { ["Bioproxy.Handlebars"] = """{ "variables": ["model", "date"], "date_format": "yyyy" }""" },
            Templates =
            {
                ["@early"] = new("Rules. It is {{date}}, says {{model}}. {{message}}", ".hbs"),
                ["@late"] = new("Rules & <more>. {{message}} It is {{date}}, says {{model}}.", ".hbs"),
            },
        });

        var result = await host.ChatAsync("@late How?");

        Assert.Equal($"Rules & <more>. How? It is {TimeProvider.System.GetLocalNow().Year}, says test.",
            result.Backend[0].Messages[0].Text);
        Assert.Equal("Rules. It is ", await host.StaticPrefixOfAsync("@early"));
        Assert.Equal("Rules & <more>. ", await host.StaticPrefixOfAsync("@late"));
        Assert.All(["date", "model"], value => Assert.Contains(host.Log,
            line => line.StartsWith("Warning plugin.Bioproxy.Handlebars: ", StringComparison.Ordinal)
                && line.Contains(value, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Rag_NextTurn_HistoryKeepsItsPassages()
    {
        var file = Path.Combine(_notes, "frobnicator.md");
        await File.WriteAllTextAsync(file, "# Frobnicator\n\nThe frobnicator weighs exactly seventeen kilograms.\n");
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [PluginHarness.FolderOf<RagTransform>()],
            Settings = { ["Bioproxy.Rag"] = $$"""{ "folders": [{{JsonValue.Create(_notes).ToJsonString()}}] }""" },
            Templates = { ["@code"] = "You are terse.\n<<message>>" },
            Configuration = """{ "plugin_time_budget_ms": 60000 }""",
        });

        var first = await host.ChatAsync("/rag @code How heavy is the frobnicator?");
        var second = await host.SendAsync(
            """{"messages":[{"role":"user","content":"/rag @code How heavy is the frobnicator?"},"""
            + """{"role":"assistant","content":"Hello."},{"role":"user","content":"Thanks."}]}""");

        var text = first.Backend[0].Messages[0].Text;
        Assert.StartsWith("You are terse.\nHow heavy is the frobnicator?\n\n", text, StringComparison.Ordinal);
        Assert.Contains("seventeen kilograms", text, StringComparison.Ordinal);
        Assert.Contains("frobnicator.md", text, StringComparison.Ordinal);
        Assert.Equal(text, second.Backend[0].Messages[0].Text);
        Assert.Equal("Thanks.", second.Backend[0].Messages[2].Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parallel_ThreeVariants_JudgeAnswersTheClient(bool stream)
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [PluginHarness.FolderOf<ParallelHandler>()],
            Settings = { ["Bioproxy.Parallel"] = """{ "variants": 3, "concurrency": 3 }""" },
            Templates = { ["@code"] = "You are terse.\n<<message>>" },
            Answer = static request => request.Messages[0].Text.Contains("variant ", StringComparison.Ordinal)
                ? HarnessAnswer.Text("the best of all", chunkSize: 4)
                : HarnessAnswer.Text($"variant {request.Json["seed"]}"),
        });

        var result = await host.ChatAsync("/parallel @code Why?", stream);

        Assert.Equal((200, "the best of all"), (result.Status, result.Text));
        Assert.Equal(4, result.Backend.Count);
        Assert.All(result.Backend, request => Assert.StartsWith("You are terse.\nWhy?", request.Messages[0].Text,
            StringComparison.Ordinal));
        var seeds = result.Backend.Take(3).Select(request => (long)request.Json["seed"]!).ToList();
        Assert.Equal(3, seeds.Distinct().Count());
        Assert.All(seeds, seed => Assert.Contains($"variant {seed}", result.Backend[3].Messages[0].Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PrefixStabiliser_DateInTheSystemPrompt_MovesBehindTheMessage()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [PluginHarness.FolderOf<StabiliseTransform>()],
            Settings = { ["Bioproxy.PrefixStabiliser"] = """{ "use": ["current_date", "nonce"], "sort_tools": true }""" },
        });

        var result = await host.SendAsync("""
            {"tools":[{"type":"function","function":{"name":"b"}},{"type":"function","function":{"name":"a"}}],
             "messages":[{"role":"system","content":"You help.\nToday's date is 2026-01-31.\nRequest-ID: 7f3c-11\nBe kind."},
            """ + """{"role":"user","content":"Why?"}]}""");

        var request = Assert.Single(result.Backend);
        Assert.Equal("You help.\nBe kind.", request.Messages[0].Text);
        Assert.Equal("Why?\n\n<current_context>\nToday's date is 2026-01-31.\n</current_context>", request.Messages[1].Text);
        Assert.Equal(["a", "b"], request.Json["tools"]!.AsArray().Select(tool => (string?)tool!["function"]!["name"]));
    }

    /// <summary>The built-in stabiliser: nothing is installed and nothing configured.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PrefixStabiliser_ArgumentsAndAnswerWrittenAnew_BackendGetsWhatTheModelWrote(bool stream)
    {
        const string Call = """{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"b\": 1,  \"a\": 2}"}}""";
        await using var host = await PluginHarness.StartAsync(new()
        {
            Answer = _ => stream
                ? HarnessAnswer.Events(
                    """{"choices":[{"index":0,"delta":{"role":"assistant","content":" Yes.\n"}}]}""",
                    $$"""{"choices":[{"index":0,"delta":{"tool_calls":[{{Call}}]},"finish_reason":"tool_calls"}]}""",
                    "[DONE]")
                : HarnessAnswer.Json($$$"""
                    {"choices":[{"index":0,"message":{"role":"assistant","content":" Yes.\n","tool_calls":[{{{Call}}}]}}]}
                    """),
        });
        var first = $$"""{"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"Why?"}]}""";
        const string Second = """{"messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":"Yes.","tool_calls":"""
            + """[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":2,\"b\":1}"}}]},"""
            + """{"role":"tool","tool_call_id":"c1","content":"3"}]}""";

        Assert.Equal(first, (await host.SendAsync(first)).Backend[0].Body);

        // The client has the answer before the proxy has read it.
        var expected = Second.Replace("\"Yes.\"", """ " Yes.\n" """.Trim(), StringComparison.Ordinal)
            .Replace("""{\"a\":2,\"b\":1}""", """{\"b\": 1,  \"a\": 2}""", StringComparison.Ordinal);
        var sent = "";
        for (var attempt = 0; attempt < 200 && sent != expected; attempt++)
            sent = (await host.SendAsync(Second)).Backend[0].Body;
        Assert.Equal(expected, sent);
    }

    public void Dispose() => Directory.Delete(_notes, recursive: true);
}
