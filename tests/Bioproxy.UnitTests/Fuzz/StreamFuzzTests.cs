using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.Transforms;

namespace Bioproxy.UnitTests.Fuzz;

/// <summary>Answers of a broken server: nothing throws, and what is not edited passes byte for byte, however it is cut.</summary>
public sealed class StreamFuzzTests
{
    private static readonly string[] Names =
    [
        "data: ", "data:", "data: [DONE]\n\n", "event: x\n", ": comment\n\n", "\n\n", "\r\n\r\n", "id: 1\n", "\"choices\":[",
        "\"delta\":{", "\"content\":",
        "\"index\":", "\"finish_reason\":\"stop\"", "\"tool_calls\":[",
        "\"prompt_progress\":{\"total\":9,\"cache\":1,\"processed\":5}", "\"timings\":{", "\"usage\":{",
        "\"type\":\"content_block_delta\"", "\"type\":\"response.output_text.delta\"", "\"delta\":", "\"text\":", "\"cache_n\":",
        "\"prompt_n\":",
    ];

    private static readonly string[] Pieces = ["one ", "[NAME_1]", "ä😀", "", "two"];

    private static readonly byte[][] Seeds =
    [
        .. AnswerStreams.Shapes.Values.Select(shape => Encoding.UTF8.GetBytes(shape(Pieces))),
        .. new[]
        {
            CapturedAnswers.ChatStream, CapturedAnswers.ChatStreamWithProgress, CapturedAnswers.ChatStreamWithUsage,
            CapturedAnswers.TextStream,
            CapturedAnswers.ResponsesStream, CapturedAnswers.MessagesStream, CapturedAnswers.NativeStream, CapturedAnswers.ChatWhole,
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly Random _random = new(5);

    [Fact]
    public void Editor_ThatChangesNothing_PassesEveryByte() => FuzzRun.Bytes(Seeds, Names, bytes =>
        Assert.True(TestEditors.Stream(Cut(bytes), TestEditors.Same).AsSpan().SequenceEqual(bytes)));

    [Fact]
    public void Editor_ThatChangesTexts_IsTheSameForEveryCut() => FuzzRun.Bytes(Seeds, Names, bytes =>
    {
        var whole = TestEditors.Stream([bytes], TestEditors.Upper);

        Assert.True(TestEditors.Stream(Cut(bytes), TestEditors.Upper).AsSpan().SequenceEqual(whole));
    }, share: 4);

    [Fact]
    public void Progress_ThatIsNotHidden_PassesEveryByte() => FuzzRun.Bytes(Seeds, Names, bytes =>
    {
        using var filter = new ProgressFilter(hides: false, (_, _) => default, TimeProvider.System, TimeSpan.Zero);
        Assert.True(TestEditors.Feed(filter, Cut(bytes)).AsSpan().SequenceEqual(bytes));
        Assert.InRange(filter.Coverage, 0, 1);
        _ = TimingsReader.Read(bytes);
    });

    [Fact]
    public void Ollama_AnyStream_BecomesLinesOfJson()
    {
        var body = """{"model":"m","messages":[{"role":"user","content":"q"}]}"""u8.ToArray();
        var request = OllamaRequest.Read(body, OllamaCall.Chat).Request!;
        FuzzRun.Bytes(Seeds, Names, bytes =>
        {
            var answer = new OllamaAnswer(request, 0, TimeProvider.System);
            using var stream = new OllamaStream(answer);
            var lines = Encoding.UTF8.GetString(TestEditors.Feed(stream, Cut(bytes))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.All(lines, line => System.Text.Json.JsonDocument.Parse(line, OllamaJson.Deep).Dispose());
            _ = answer.Translate(bytes);
        });
    }

    /// <summary>In up to four pieces, as reads come.</summary>
    private IEnumerable<ReadOnlyMemory<byte>> Cut(byte[] bytes)
    {
        var at = 0;
        for (var left = _random.Next(4); left > 0; left--)
        {
            var end = _random.Next(at, bytes.Length + 1);
            yield return bytes.AsMemory(at..end);
            at = end;
        }

        yield return bytes.AsMemory(at);
    }
}
