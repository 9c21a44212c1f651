using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.Transforms;

namespace Bioproxy.UnitTests.Requests;

public sealed class QuestionSinkTests
{
    private static readonly string[] Pieces = ["ä ", "€\"\n", "", "😀"];

    public static TheoryData<string> Shapes => [.. AnswerStreams.Shapes.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Write_StreamInAnySplit_GivesTheAnswersText(string shape)
    {
        var stream = Encoding.UTF8.GetBytes(AnswerStreams.Shapes[shape](Pieces));
        foreach (var split in TestEditors.Splits(stream))
        {
            var found = new List<string>();
            using var sink = Stream(text =>
            {
                found.Add(text);
                return ValueTask.CompletedTask;
            });
            foreach (var piece in split)
                await sink.WriteAsync(piece, CancellationToken.None);

            Assert.Equal(string.Concat(Pieces), sink.Text);
            Assert.Equal(["ä ", "€\"\n", "😀"], found);
            Assert.True(sink.IsStream);
            Assert.True(sink.Body.IsEmpty);
        }
    }

    [Fact]
    public async Task Write_SeveralChoices_GivesTheFirst()
    {
        using var sink = Stream(null);
        var chunks = AnswerStreams.Chunk("""{"content":"no"}""", index: 1) + AnswerStreams.Chunk("""{"content":"yes"}""");

        await sink.WriteAsync(Encoding.UTF8.GetBytes(chunks), CancellationToken.None);

        Assert.Equal("yes", sink.Text);
    }

    [Fact]
    public async Task Write_WholeAnswer_IsItsBody()
    {
        using var sink = new QuestionSink(null, 10, CancellationToken.None);
        sink.Headers.ContentType = "application/json";
        Assert.False(sink.HasStarted);

        await sink.WriteAsync("01234"u8.ToArray(), CancellationToken.None);
        await sink.WriteAsync("56789"u8.ToArray(), CancellationToken.None);

        Assert.True(sink.HasStarted);
        Assert.Equal("0123456789", Encoding.UTF8.GetString(sink.Body.Span));
        Assert.Null(sink.Problem);
    }

    [Fact]
    public async Task Write_WholeAnswerThatIsTooLong_IsRefused()
    {
        using var sink = new QuestionSink(null, 10, CancellationToken.None);
        await sink.WriteAsync("01234"u8.ToArray(), CancellationToken.None);

        await Assert.ThrowsAsync<IOException>(
            () => sink.WriteAsync("567890"u8.ToArray(), CancellationToken.None).AsTask().DefaultTimeout());

        Assert.Equal("it is longer than 10 bytes (limits.max_body_bytes)", sink.Problem!.Message);
    }

    [Fact]
    public async Task Write_StreamWhoseTextIsTooLong_IsRefused()
    {
        using var sink = Stream(null, 10);
        await sink.WriteAsync(Encoding.UTF8.GetBytes(AnswerStreams.Chunk("""{"content":"0123456789"}""")), CancellationToken.None);
        var chunk = Encoding.UTF8.GetBytes(AnswerStreams.Chunk("""{"content":"x"}"""));

        await Assert.ThrowsAsync<IOException>(() => sink.WriteAsync(chunk, CancellationToken.None).AsTask().DefaultTimeout());

        Assert.Equal(("0123456789", "its text is longer than 10 characters (limits.max_body_bytes)"), (sink.Text, sink.Problem!.Message));
    }

    [Fact]
    public async Task Write_OnText_IsAwaitedBeforeTheNextPiece()
    {
        var begun = new List<string>();
        var first = new TaskCompletionSource();
        using var sink = Stream(text =>
        {
            begun.Add(text);
            return text == "a" ? new ValueTask(first.Task) : ValueTask.CompletedTask;
        });
        var chunks = AnswerStreams.Chunk("""{"content":"a"}""") + AnswerStreams.Chunk("""{"content":"b"}""");

        var writing = sink.WriteAsync(Encoding.UTF8.GetBytes(chunks), CancellationToken.None).AsTask();

        Assert.False(writing.IsCompleted);
        Assert.Equal(["a"], begun);
        first.SetResult();
        await writing.DefaultTimeout();
        Assert.Equal(["a", "b"], begun);
    }

    [Fact]
    public async Task Write_OnTextThrows_StopsTheBackendAndIsRemembered()
    {
        using var sink = Stream(_ => throw new FormatException("enough"));
        var chunk = Encoding.UTF8.GetBytes(AnswerStreams.Chunk("""{"content":"a"}"""));

        var thrown = await Assert.ThrowsAsync<IOException>(
            () => sink.WriteAsync(chunk, CancellationToken.None).AsTask().DefaultTimeout());

        Assert.IsType<FormatException>(thrown.InnerException);
        Assert.Same(thrown.InnerException, sink.Problem);
    }

    private static QuestionSink Stream(Func<string, ValueTask>? onText, long longest = 1000)
    {
        var sink = new QuestionSink(onText, longest, CancellationToken.None);
        sink.Headers.ContentType = "text/event-stream; charset=utf-8";
        return sink;
    }
}
