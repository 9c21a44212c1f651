using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Parallel;

namespace Bioproxy.PluginTests.Parallel;

public sealed class ParallelHandlerTests
{
    private const string Request =
        """
        {"model":"m","stream":true,"stream_options":{"include_usage":true},"n":4,"id_slot":1,"big":12345678901234567890123,"temperature":0.3,
         "tools":[{"type":"function"}],"tool_choice":"auto","caf\u00e9":"\ud83d\ude00 <ü>","seed":40,
         "messages":[{"role":"system","content":"Be brief.","extra":1.50},{"role":"user","name":"u","content":"Why {answers}?"}]}
        """;

    [Fact]
    public async Task Variants_AreAsked_WithSeedsAndWithoutStreamAndEverythingElseAsSent()
    {
        var call = await RunAsync("""{"merge":"list"}""", Request);

        Assert.Equal(3, call.Questions.Count);
        Assert.Equal([40, 41, 42], call.Questions.Select(question => question.Body["seed"]!.GetValue<long>()).Order());
        foreach (var question in call.Questions)
        {
            Assert.Equal("/v1/chat/completions", question.Path);
            var sent = JsonNode.Parse(Request)!.AsObject();
            foreach (var name in (string[])["stream", "stream_options", "n", "id_slot", "tools", "tool_choice", "seed"])
                sent.Remove(name);
            Assert.False(question.Body["stream"]!.GetValue<bool>());
            question.Body.Remove("stream");
            question.Body.Remove("seed");
            Assert.True(JsonNode.DeepEquals(sent, question.Body), question.Raw);
            Assert.Contains("\"big\":12345678901234567890123", question.Raw, StringComparison.Ordinal);
            Assert.Contains("""{"role":"system","content":"Be brief.","extra":1.50}""", question.Raw, StringComparison.Ordinal);
            Assert.Contains("""
                "\ud83d\ude00 <ü>"
                """, question.Raw, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"seed\":-1,")]
    [InlineData("\"seed\":null,")]
    [InlineData("\"seed\":4294967294,")]
    [InlineData("\"seed\":9223372036854775807,")]
    public async Task Variants_WhateverSeedTheRequestHas_HaveDistinctSeedsThatTheBackendTakes(string seed)
    {
        var call = await RunAsync("""{"merge":"list","variants":16}""", $$"""{{{seed}}"messages":[{"role":"user","content":"Q"}]}""");

        var seeds = call.Questions.Select(question => question.Body["seed"]!.GetValue<long>()).ToList();
        Assert.Equal(16, seeds.Distinct().Count());
        Assert.All(seeds, value => Assert.InRange(value, 0, uint.MaxValue - 1L));
    }

    [Fact]
    public async Task Variants_WithInstructionsAndTemperature_HaveThemBehindTheUsersWords()
    {
        var call = await RunAsync("""{"merge":"list","concurrency":1,"temperature":0.9,"instructions":["Be bold.",""]}""", Request);

        Assert.Equal(["Why {answers}?\n\nBe bold.", "Why {answers}?", "Why {answers}?"], call.Questions
            .Select(question => question.LastText));
        Assert.All(call.Questions, question => Assert.Equal(0.9, question.Body["temperature"]!.GetValue<double>()));
        Assert.All(call.Questions, question => Assert.Equal("u", question.Body["messages"]![1]!["name"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Variants_OfAMessageInParts_HaveTheInstructionBehindTheLastText()
    {
        var call = await RunAsync(
            """{"merge":"list","variants":2,"instructions":["Be bold.","Be shy."],"concurrency":1}""",
            """{"messages":[{"role":"user","content":[{"type":"text","text":"A"},"""
            + """{"type":"text","text":"B","cache":true},{"type":"image_url","image_url":{"url":"data:x"}}]}]}""");

        Assert.Contains("""
            "content":[{"type":"text","text":"A"},{"type":"text","cache":true,"text":"B\n\nBe shy."},
            """ + """{"type":"image_url","image_url":{"url":"data:x"}}]""", call.Questions[1].Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variants_OfABodyWithAMemberTwice_AreMadeFromTheLast()
    {
        var call = await RunAsync("""{"merge":"list"}""",
            """{"messages":[],"seed":1,"seed":7,"messages":[{"role":"user","content":"old","content":"Q"}]}""");

        Assert.Equal(7, call.Questions.Min(question => question.Body["seed"]!.GetValue<long>()));
        Assert.All(call.Questions, question => Assert.Equal("Q", question.LastText));
    }

    [Fact]
    public async Task Asking_IsBoundedByConcurrency()
    {
        var call = new FakeCall(Request);
        var work = Handler("""{"variants":6,"concurrency":2,"merge":"list"}""").HandleAsync(call, CancellationToken.None).AsTask();

        for (var answered = 0; answered < 6; answered++)
        {
            await call.AskedAsync(Math.Min(6, answered + 2));
            call.Questions[answered].Answer.SetResult(FakeCall.Says("x"));
        }

        Assert.True(await work.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(2, call.MostAtOnce);
    }

    [Fact]
    public async Task List_WhateverAnswerCameFirst_IsInTheVariantsOrder()
    {
        var call = new FakeCall(Request);
        var work = Handler("""{"variants":3,"concurrency":3,"merge":"list"}""").HandleAsync(call, CancellationToken.None).AsTask();
        await call.AskedAsync(3);
        foreach (var question in call.Questions.OrderByDescending(question => question.Body["seed"]!.GetValue<long>()))
            question.Answer.SetResult(FakeCall.Says($"of {question.Body["seed"]}\n"));

        Assert.True(await work.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("## Answer 1\n\nof 40\n\n## Answer 2\n\nof 41\n\n## Answer 3\n\nof 42", call.Written);
    }

    [Fact]
    public async Task Judge_IsAskedForAStream_WithTheConversationAndTheQuestionFirst()
    {
        var call = await RunAsync("{}", Request, question => question.IsJudge
            ? Pieces(question, "The ", "best")
            : FakeCall.Says($"draft {question.Body["seed"]} with {{question}}"));

        var judge = call.Questions[^1];
        Assert.Equal("The best", call.Written);
        Assert.Equal(4, call.Questions.Count);
        Assert.True(judge.Body["stream"]!.GetValue<bool>());
        Assert.Equal(40, judge.Body["seed"]!.GetValue<long>());
        Assert.Equal(0.3, judge.Body["temperature"]!.GetValue<double>());
        Assert.Null(judge.Body["tools"]);
        Assert.Null(judge.Body["n"]);
        Assert.Equal("Be brief.", judge.Body["messages"]![0]!["content"]!.GetValue<string>());
        Assert.Equal(2, judge.Body["messages"]!.AsArray().Count);
        Assert.StartsWith("Why {answers}?\n", judge.LastText, StringComparison.Ordinal);
        for (var i = 1; i <= 3; i++)
            Assert.Contains($"<answer number=\"{i}\">\ndraft {39 + i} with {{question}}\n</answer>", judge.LastText,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task Judge_OfLongAnswers_GetsTheirBeginnings()
    {
        var answer = new string('a', 99) + "😀" + "end";
        var call = await RunAsync("""{"max_answer_characters":100,"judge_prompt":"{question}|{answers}"}""", Request,
            question => question.IsJudge ? Pieces(question, "x") : FakeCall.Says(answer));

        Assert.Contains($"\n{new string('a', 99)} […]\n", call.Questions[^1].LastText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handling_WhenSomeVariantsFail_MergesTheOthers()
    {
        var call = await RunAsync("{}", Request, question => question.IsJudge
            ? Pieces(question, "merged")
            : question.Body["seed"]!.GetValue<long>() switch
            {
                40 => FakeCall.Fails(500, """{"error":{"message":"out of memory"}}"""),
                41 => FakeCall.Says("one"),
                _ => FakeCall.Says("two"),
            });

        Assert.Equal("merged", call.Written);
        Assert.Contains("<answer number=\"1\">\none\n</answer>\n\n<answer number=\"2\">\ntwo\n</answer>", call.Questions[^1].LastText,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handling_WhenOneVariantIsLeft_GivesItsAnswerAsItIs()
    {
        var call = await RunAsync("{}", Request, question => question.Body["seed"]!.GetValue<long>() switch
        {
            40 => throw new BackendUnavailableException("no slot became free"),
            41 => FakeCall.Says(" \n"),
            _ => FakeCall.Says(" the only one\n"),
        });

        Assert.Equal(" the only one\n", call.Written);
        Assert.DoesNotContain(call.Questions, question => question.IsJudge);
    }

    [Fact]
    public async Task Handling_WhenAllVariantsFail_ThrowsWithTheBackendsWords()
    {
        var call = new FakeCall(Request)
        {
            Rule = _ =>
            FakeCall.Fails(400, """{"error":{"code":400,"message":"the context is too small"}}""")
        };

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Handler("{}").HandleAsync(call, CancellationToken.None).AsTask());

        Assert.Equal("None of the 3 variants has an answer: status 400: the context is too small", error.Message);
        Assert.Empty(call.Written);
    }

    [Fact]
    public async Task Handling_WhenTheBackendIsAway_ThrowsThatItIs()
    {
        var call = new FakeCall(Request) { Rule = _ => throw new BackendUnavailableException("connection refused") };

        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() =>
            Handler("{}").HandleAsync(call, CancellationToken.None).AsTask());

        Assert.Contains("connection refused", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error")]
    [InlineData("away")]
    [InlineData("silent")]
    public async Task Handling_WhenTheJudgeFailsBeforeItsFirstWord_GivesTheList(string how)
    {
        var call = await RunAsync("""{"variants":2}""", Request, question => (question.IsJudge, how) switch
        {
            (false, _) => FakeCall.Says("a"),
            (true, "error") => FakeCall.Fails(500, "no"),
            (true, "away") => throw new BackendUnavailableException("gone"),
            _ => Pieces(question),
        });

        Assert.Equal("## Answer 1\n\na\n\n## Answer 2\n\na", call.Written);
    }

    [Fact]
    public async Task Handling_WhenTheJudgeBreaksOff_Throws()
    {
        var call = new FakeCall(Request)
        {
            Rule = question =>
            {
                if (!question.IsJudge)
                    return FakeCall.Says("a");
                question.Pieces = ["half"];
                return FakeCall.Fails(500, "crashed");
            },
        };

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Handler("{}").HandleAsync(call, CancellationToken.None).AsTask());

        Assert.Contains("crashed", error.Message, StringComparison.Ordinal);
        Assert.Equal("half", call.Written);
    }

    [Fact]
    public async Task Cancelling_StopsAllVariants()
    {
        using var cancelled = new CancellationTokenSource();
        var call = new FakeCall(Request);
        var work = Handler("""{"variants":4,"concurrency":2}""").HandleAsync(call, cancelled.Token).AsTask();
        await call.AskedAsync(2);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(2, call.Questions.Count);
        Assert.All(call.Questions, question => Assert.True(question.CancellationToken.IsCancellationRequested));
        Assert.Empty(call.Written);
    }

    [Theory]
    [InlineData(PromptEndpoint.Completion, """{"prompt":"Q"}""")]
    [InlineData(PromptEndpoint.Responses, """{"input":"Q"}""")]
    [InlineData(PromptEndpoint.Messages, """{"messages":[{"role":"user","content":"Q"}]}""")]
    [InlineData(PromptEndpoint.Chat, """{"messages":[]}""")]
    [InlineData(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"Q"},{"role":"tool","content":"42"}]}""")]
    [InlineData(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}""")]
    [InlineData(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"\ud800"}]}""")]
    public async Task Requests_ThatAreNoQuestionInAChat_GoTheirUsualWay(PromptEndpoint endpoint, string body)
    {
        var call = new FakeCall(body, endpoint) { Rule = _ => FakeCall.Says("never") };

        Assert.False(await Handler("{}").HandleAsync(call, CancellationToken.None));
        Assert.Empty(call.Questions);
        Assert.Empty(call.Written);
    }

    private static BackendAnswer Pieces(FakeQuestion question, params string[] pieces)
    {
        question.Pieces = pieces;
        return new BackendAnswer(200, default);
    }

    private static ParallelHandler Handler(string json)
    {
        using var services = new FakeServices { PluginName = "Bioproxy.Parallel", Json = json };
        return new ParallelHandler(services);
    }

    private static async Task<FakeCall> RunAsync(string settings, string body, Func<FakeQuestion, BackendAnswer>? rule = null)
    {
        var call = new FakeCall(body) { Rule = rule ?? (_ => FakeCall.Says("answer")) };
        Assert.True(await Handler(settings).HandleAsync(call, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        return call;
    }
}
