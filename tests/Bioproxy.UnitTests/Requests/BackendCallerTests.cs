using System.Net;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.Transforms;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Requests;

public sealed class BackendCallerTests
{
    private static readonly BackendQuestion Question = new("/v1/chat/completions", "{\"x\":1}"u8.ToArray());

    private PluginQuestion? _asked;

    [Fact]
    public async Task Ask_OfAClientsRequest_CarriesWhoAsksAndNothingOfItsBody()
    {
        var client = new DefaultHttpContext();
        client.Connection.RemoteIpAddress = IPAddress.Parse("10.1.2.3");
        var headers = new Dictionary<string, string>
        {
            ["Authorization"] = "Bearer theirs",
            ["X-User"] = "u",
            ["X-Session-Id"] = "s",
            ["content-length"] = "999",
            ["Content-Type"] = "text/plain",
            ["Content-Encoding"] = "gzip",
            ["Transfer-Encoding"] = "chunked",
            ["Accept-Encoding"] = "br",
            ["Accept"] = "text/event-stream",
            ["Connection"] = "keep-alive",
            ["Expect"] = "100-continue",
            ["x-bioproxy-lane"] = "interactive",
        };
        foreach (var (name, value) in headers)
            client.Request.Headers[name] = value;

        await Caller("{}").AskAsync(Question, client, PromptLane.Batch, CancellationToken.None).DefaultTimeout();

        Assert.Equal(
            [
                "Authorization: Bearer theirs",
                "Content-Length: 7",
                "Content-Type: application/json",
                "X-Bioproxy-Lane: batch",
                "X-Session-Id: s",
                "X-User: u",
            ],
            _asked!.Head.Headers.Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(
            ("POST", "/v1/chat/completions", "{\"x\":1}"),
            (_asked.Head.Method, _asked.Head.Target, Encoding.UTF8.GetString(_asked.Body.Span)));
        Assert.Equal(client.Connection.RemoteIpAddress, _asked.Address);
    }

    [Fact]
    public async Task Ask_OfNobodys_CarriesOurKey()
    {
        await Caller("{}").AskAsync(Question, null, PromptLane.Interactive, CancellationToken.None).DefaultTimeout();

        Assert.Equal(
            ["Authorization: Bearer ours", "Content-Length: 7", "Content-Type: application/json", "X-Bioproxy-Lane: interactive"],
            _asked!.Head.Headers.Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal));
        Assert.Null(_asked.Address);
    }

    public static TheoryData<string, string?> Wholes => new()
    {
        { CapturedAnswers.ChatWhole, "$@!" },
        { CapturedAnswers.TextWhole, "\\\\\\" },
        { CapturedAnswers.ResponsesWhole, "*}@" },
        { CapturedAnswers.MessagesWhole, "X6p" },
        {
            """{"choices":[{"index":0,"message":{"reasoning_content":"no","content":"yes"}},{"index":1,"message":{"content":"no"}}]}""",
            "yes"
        },
        { """{"choices":[{"index":0,"message":{"content":null}},{"index":1,"message":{"content":"no"}}]}""", null },
        { """{"content":[{"type":"thinking","thinking":"no"},{"type":"text","text":"a"},{"type":"text","text":"b"}]}""", "ab" },
        {
            """{"output":[{"type":"reasoning","content":[{"text":"no"}]},{"type":"message","content":[{"text":"a"},{"text":"b"}]}]}""",
            "ab"
        },
        { """{"data":[{"embedding":[1]}]}""", null },
        { "no JSON", null },
    };

    [Theory]
    [MemberData(nameof(Wholes))]
    public async Task Ask_WholeAnswer_GivesBodyAndText(string body, string? text)
    {
        var answer = await Caller(body).AskAsync(Question, null, PromptLane.Batch, CancellationToken.None).DefaultTimeout();

        Assert.Equal((200, body, text), (answer.Status, Encoding.UTF8.GetString(answer.Body.Span), answer.Text));
        Assert.Equal((7, 5), (answer.PromptTokens, answer.CachedTokens));
    }

    [Fact]
    public async Task Ask_StreamWithReasoning_GivesTheAnswersText()
    {
        foreach (var shape in AnswerStreams.Shapes.Values)
        {
            var answer = await Caller(shape(["a", "b"]), "text/event-stream")
                .AskAsync(Question, null, PromptLane.Batch, CancellationToken.None)
                .DefaultTimeout();

            Assert.Equal(("ab", true), (answer.Text, answer.Body.IsEmpty));
        }
    }

    [Fact]
    public async Task Ask_ErrorOfTheBackend_IsAnAnswerWithoutText()
    {
        var answer = await Caller("""{"content":"bad"}""", status: 400)
            .AskAsync(Question, null, PromptLane.Batch, CancellationToken.None)
            .DefaultTimeout();

        Assert.Equal((400, null, """{"content":"bad"}"""), (answer.Status, answer.Text, Encoding.UTF8.GetString(answer.Body.Span)));
    }

    [Fact]
    public async Task Ask_NoAnswer_SaysWhy()
    {
        var failure = new ProxyFailure(FailureKind.QueueFull, "All slots are busy.");

        var thrown = await Assert.ThrowsAsync<BackendUnavailableException>(() => Caller("{}", failure: failure)
            .AskAsync(Question, null, PromptLane.Batch, CancellationToken.None)
            .DefaultTimeout());

        Assert.Equal("All slots are busy.", thrown.Message);
    }

    [Fact]
    public async Task Ask_AnswerThatIsTooLong_SaysSo()
    {
        var thrown = await Assert.ThrowsAsync<BackendUnavailableException>(() => Caller(new string('x', 5000))
            .AskAsync(Question, null, PromptLane.Batch, CancellationToken.None)
            .DefaultTimeout());

        Assert.Equal("The answer could not be taken: it is longer than 4000 bytes (limits.max_body_bytes)", thrown.Message);
    }

    [Fact]
    public async Task Ask_Cancelled_IsCancelledBeforeAndMeanwhile()
    {
        using var stop = new CancellationTokenSource();
        var caller = new BackendCaller(async question =>
        {
            await stop.CancelAsync();
            Assert.True(question.Answer.Gone.IsCancellationRequested);
            return Exchange(question, new ProxyFailure(FailureKind.ClientGone, "The client left."));
        }, null, 10);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => caller.AskAsync(Question, null, PromptLane.Batch, stop.Token).DefaultTimeout());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Caller("{}").AskAsync(Question, null, PromptLane.Batch, stop.Token).DefaultTimeout());
        Assert.Null(_asked);
    }

    private static Exchange Exchange(PluginQuestion question, ProxyFailure? failure) =>
        new(question.Answer, Routes.Of(HttpMethods.Post, question.Path), 0) { Failure = failure, Timings = new PromptTimings(5, 2, 1) };

    /// <summary>In place of the path of requests: answers everything with this.</summary>
    private BackendCaller Caller(string answer, string type = "application/json", int status = 200, ProxyFailure? failure = null) =>
        new(async question =>
        {
            _asked = question;
            question.Answer.StatusCode = status;
            question.Answer.Headers.ContentType = type;
            try
            {
                await question.Answer.WriteAsync(Encoding.UTF8.GetBytes(answer), CancellationToken.None);
            }
            catch (IOException)
            {
                // as of a client that is gone
            }

            return Exchange(question, failure);
        }, "ours", 4000);
}
