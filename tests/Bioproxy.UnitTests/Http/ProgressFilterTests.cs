using System.Text;
using Bioproxy.Host.Http;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Http;

public sealed class ProgressFilterTests
{
    private const string Comment = ": ping\n\n";

    private static readonly Dictionary<string, (string Stream, int? Cached, int Total)> Streams = new()
    {
        ["chat with progress"] = (CapturedAnswers.ChatStreamWithProgress, 28, 29),
        ["native with progress"] = (CapturedAnswers.NativeStream, 2, 3),
        ["comments between"] = (CapturedAnswers.ChatStreamWithProgress.Replace("\n\n", "\n\n" + Comment, StringComparison.Ordinal), 28, 29),
        ["chat"] = (CapturedAnswers.ChatStream, null, 0),
        ["responses"] = (CapturedAnswers.ResponsesStream, null, 0),
        ["messages"] = (CapturedAnswers.MessagesStream, null, 0),
        ["text that looks like progress"] = (CapturedAnswers.ChatStream.Replace("\"X\"", """
            "{\"prompt_progress\":{\"total\":1,\"cache\":1,\"processed\":1}}"
            """, StringComparison.Ordinal), null, 0),
        ["progress of another kind"] =
            ("data: {\"prompt_progress\":{\"total\":\"many\"}}\n\ndata: {\"prompt_progress\":null}\n\n", null, 0),
        ["broken progress"] = ("data: {\"prompt_progress\":{nonsense}}\n\n", null, 0),
        ["end without a blank line"] = (CapturedAnswers.ChatStreamWithProgress.TrimEnd('\n'), 28, 29),
        ["only a part of an event"] = ("data: {\"choices\":", null, 0),
        ["nothing"] = ("", null, 0),
    };

    private readonly FakeTimeProvider _time = new();

    public static TheoryData<string> Names => [.. Streams.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Pass_TwoReadsSplitAnywhere_LeavesTheStreamWithoutProgress(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(Streams[name].Stream);
        for (var at = 0; at <= bytes.Length; at++)
            Check(name, [bytes[..at], bytes[at..]]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pass_ReadsOfOneByte_LeavesTheStreamWithoutProgress(string name) =>
        Check(name, Encoding.UTF8.GetBytes(Streams[name].Stream).Chunk(1));

    [Theory]
    [MemberData(nameof(Names))]
    public void Pass_RandomReads_LeavesTheStreamWithoutProgress(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(Streams[name].Stream);
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            List<byte[]> reads = [];
            for (var at = 0; at < bytes.Length; at += reads[^1].Length)
                reads.Add(bytes[at..Math.Min(bytes.Length, at + random.Next(1, 700))]);
            Check(name, reads);
        }
    }

    /// <summary>The client asked for progress itself: it is read, and stays.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Pass_NotHiding_LeavesEveryByte(string name)
    {
        var (stream, cached, _) = Streams[name];
        var calls = new List<int?>();
        using var filter = new ProgressFilter(hides: false, (tokens, _) => Called(calls, tokens), _time, TimeSpan.FromSeconds(15));

        Assert.Equal(stream, Read(filter, Encoding.UTF8.GetBytes(stream).Chunk(7)));
        Assert.Equal([cached], calls);
    }

    [Fact]
    public void Pass_BeganHasSomethingToSay_ItStandsBeforeTheAnswer()
    {
        foreach (var hides in new[] { true, false })
        {
            using var filter = new ProgressFilter(
                hides, (cached, total) => Encoding.ASCII.GetBytes($": {cached} of {total}\n\n"), _time, TimeSpan.Zero);

            var passed = Read(filter, [Encoding.UTF8.GetBytes(CapturedAnswers.ChatStreamWithProgress)]);

            Assert.StartsWith(": 28 of 29\n\ndata:", passed, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// While a request waits in the server, only its comments come: they keep the connection open, and are not the answer.
    /// </summary>
    [Fact]
    public void Pass_CommentsOnly_PassAndBeginNothing()
    {
        var calls = new List<int?>();
        using var filter = Filter(calls);

        Assert.Equal(Comment, Text(filter.Pass(Encoding.UTF8.GetBytes(Comment))));
        Assert.Empty(calls);
        Assert.False(filter.AreHeadersDue);
        Assert.False(filter.IsOpen);
    }

    [Fact]
    public void Pass_ProgressOnly_HeadersAreDueAndNothingPasses()
    {
        var calls = new List<int?>();
        using var filter = Filter(calls);

        Assert.Equal("", Text(filter.Pass(Progress(100, 40, 40))));

        Assert.Equal([40], calls);
        Assert.True(filter.AreHeadersDue);
        Assert.False(filter.IsOpen);
    }

    [Theory]
    [InlineData(16 * 1024, false)]
    [InlineData((16 * 1024) + 1, true)]
    public void Pass_EventBeyondTheLimit_IsNoProgressAndPasses(int length, bool passes)
    {
        var calls = new List<int?>();
        var begin = Encoding.UTF8.GetBytes("data: ".PadRight(length, 'x'));
        using var filter = Filter(calls);

        var passed = Text(filter.Pass(begin));

        Assert.Equal((passes, passes), (passed.Length > 0, filter.IsOpen));
        Assert.Equal(Encoding.UTF8.GetString(begin) + "\n\n", passed + Text(filter.Pass("\n\n"u8.ToArray())));
        Assert.Equal([null], calls);
    }

    [Fact]
    public void Coverage_WhileThePromptIsComputed_IsThePartThatPassed()
    {
        using var filter = Filter([]);
        Assert.Equal(0, filter.Coverage);

        filter.Pass(Progress(100, 40, 40));
        Assert.Equal(0.4, filter.Coverage);
        filter.Pass(Progress(100, 40, 75));
        Assert.Equal(0.75, filter.Coverage);

        filter.Pass("data: {}\n\n"u8.ToArray());
        Assert.Equal(1, filter.Coverage);
        Assert.True(filter.IsOpen);
    }

    [Theory]
    [InlineData(0, 5, 0)]
    [InlineData(10, 20, 1)]
    [InlineData(10, -1, 0)]
    public void Coverage_StrangeFigures_StaysBetweenNothingAndAll(int total, int processed, double coverage)
    {
        using var filter = Filter([]);

        filter.Pass(Progress(total, 0, processed));

        Assert.Equal(coverage, filter.Coverage);
    }

    [Fact]
    public void Pass_HiddenProgressAfterASilence_IsACommentThatKeepsTheConnection()
    {
        using var filter = Filter([]);

        Assert.Equal("", After(14, 10));
        Assert.Equal(": prompt 20 of 100 tokens\n", After(1, 20));
        Assert.Equal("", After(14, 30));
        Assert.Equal(Comment, Text(filter.Pass(Encoding.UTF8.GetBytes(Comment)))); // breaks the silence, too
        Assert.Equal("", After(14, 40));
        Assert.Equal(": prompt 50 of 100 tokens\n", After(1, 50));

        string After(int seconds, int processed)
        {
            _time.Advance(TimeSpan.FromSeconds(seconds));
            return Text(filter.Pass(Progress(100, 0, processed)));
        }
    }

    [Fact]
    public void Pass_SilenceDoesNotMatter_NoCommentEver()
    {
        using var filter = new ProgressFilter(hides: true, (_, _) => default, _time, TimeSpan.Zero);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal("", Text(filter.Pass(Progress(100, 0, 10))));
    }

    [Fact]
    public void End_AfterTheAnswerBegan_HoldsNothing()
    {
        var calls = new List<int?>();
        using var filter = Filter(calls);
        filter.Pass("data: {}\n\ndata: {"u8.ToArray());

        Assert.True(filter.End().IsEmpty);
        Assert.Equal([null], calls);
    }

    private void Check(string name, IEnumerable<byte[]> reads)
    {
        var (stream, cached, _) = Streams[name];
        var calls = new List<int?>();
        using var filter = Filter(calls);
        var passed = new StringBuilder();
        foreach (var read in reads)
        {
            passed.Append(Text(filter.Pass(read)));
            if (calls.Count == 0)
                Assert.Equal("", passed.ToString().Replace(Comment, "", StringComparison.Ordinal)); // nothing of the answer before began
        }

        passed.Append(Text(filter.End()));
        Assert.Equal(WithoutProgress(stream), passed.ToString());
        Assert.Equal([cached], calls);
    }

    private ProgressFilter Filter(List<int?> calls) =>
        new(hides: true, (cached, _) => Called(calls, cached), _time, TimeSpan.FromSeconds(15));

    private static ReadOnlyMemory<byte> Called(List<int?> calls, int? cached)
    {
        calls.Add(cached);
        return default;
    }

    private static string Read(ProgressFilter filter, IEnumerable<byte[]> reads) =>
        string.Concat(reads.Select(read => Text(filter.Pass(read)))) + Text(filter.End());

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static byte[] Progress(int total, int cached, int processed) =>
        Encoding.UTF8.GetBytes($"data: {{\"choices\":[],\"prompt_progress\":{{\"total\":{total},\"cache\":{cached},"
            + $"\"processed\":{processed},\"time_ms\":1}}}}\n\n");

    /// <summary>The plain definition: whole events that have the figures, unescaped, are left out.</summary>
    private static string WithoutProgress(string stream) =>
        string.Join("\n\n", stream.Split("\n\n").Where(one =>
            !one.Contains("\"prompt_progress\":{\"total\":", StringComparison.Ordinal)
            || one.Contains("many", StringComparison.Ordinal)));
}
