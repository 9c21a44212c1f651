using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Host.Http;

namespace Bioproxy.UnitTests.Http;

public sealed class ErrorWriterTests
{
    private static readonly ProxyFailure Full = new(FailureKind.QueueFull, "it is \"full\" ä");

    [Theory]
    [InlineData(nameof(ErrorForm.OpenAi), """{"error":{"message":"M","type":"rate_limit_error","param":null,"code":"queue_full",""")]
    [InlineData(nameof(ErrorForm.Responses), """{"error":{"message":"M","type":"rate_limit_error","param":null,"code":"queue_full",""")]
    [InlineData(nameof(ErrorForm.LlamaServer), """{"error":{"code":429,"message":"M","type":"rate_limit_error","reason":"queue_full",""")]
    [InlineData(nameof(ErrorForm.Anthropic), """{"type":"error","error":{"type":"rate_limit_error","message":"M","code":"queue_full",""")]
    public void Body_OfEachProtocol_HasItsForm(string form, string expected)
    {
        var body = Encoding.UTF8.GetString(ErrorWriter.Body(ErrorDetail.Of(Full), Enum.Parse<ErrorForm>(form)));

        Assert.Equal(
            expected.Replace("\"M\"", "\"it is \\\"full\\\" ä\"", StringComparison.Ordinal) + "\"src\":\"bioproxy\"}}", body);
    }

    [Theory]
    [InlineData(nameof(ErrorForm.OpenAi), "")]
    [InlineData(nameof(ErrorForm.LlamaServer), "")]
    [InlineData(nameof(ErrorForm.Anthropic), "error")]
    [InlineData(nameof(ErrorForm.Responses), "error response.failed")]
    public void Events_OfEachProtocol_HaveItsNames(string form, string names)
    {
        var text = Encoding.UTF8.GetString(ErrorWriter.Events(ErrorDetail.Of(Full), Enum.Parse<ErrorForm>(form)));

        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        Assert.Equal(names, string.Join(' ', events.SelectMany(one => one.Split('\n')).Where(IsName).Select(line => line[7..])));
        foreach (var (name, data) in events.Select(Read))
        {
            Assert.True(name is null || name == (string?)data["type"], "an event's type is its name");
            Assert.Contains("it is \"full\" ä", Strings(data), StringComparer.Ordinal);
        }
    }

    [Theory]
    [InlineData(503, "overloaded_error")]
    [InlineData(504, "timeout_error")]
    [InlineData(413, "request_too_large")]
    [InlineData(404, "not_found_error")]
    [InlineData(500, "api_error")]
    [InlineData(415, "invalid_request_error")]
    public void Body_Anthropic_HasTheTypeOfItsStatus(int status, string expected)
    {
        var body = JsonNode.Parse(ErrorWriter.Body(new(status, "m", "x", null, IsOurs: true), ErrorForm.Anthropic))!;

        Assert.Equal(expected, (string?)body["error"]!["type"]);
    }

    [Theory]
    [InlineData("""{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}""", "exceed_context_size_error")]
    [InlineData("""{"type":"error","error":{"message":"too long","type":"invalid_request_error"}}""", "invalid_request_error")]
    [InlineData("""{"error":"too long"}""", "invalid_request_error")]
    [InlineData("<html>Bad gateway</html>", null)]
    [InlineData("", null)]
    [InlineData("[]", null)]
    public void Detail_OfABackendsAnswer_IsWhatItSays(string body, string? type)
    {
        var detail = ErrorDetail.Of(Encoding.UTF8.GetBytes(body), 400);

        var message = type is null ? "The backend answered with status 400 and no message that could be read." : "too long";
        Assert.Equal(
            (400, message, type ?? "invalid_request_error", false), (detail.Status, detail.Message, detail.Type, detail.IsOurs));
    }

    [Fact]
    public void Events_OfABackendsAnswer_KeepWhatItSaysBeside()
    {
        const string Body = "{\"error\":\n{\"code\":400,\"message\":\"too long\",\"type\":\"exceed_context_size_error\",\"n_ctx\":4096}}";
        var detail = ErrorDetail.Of(Encoding.UTF8.GetBytes(Body), 400);

        Assert.Equal(
            $"data: {Body.Replace('\n', ' ')}\n\n", Encoding.UTF8.GetString(ErrorWriter.Events(detail, ErrorForm.OpenAi)));
        Assert.Contains(
            "\"code\":\"context_length_exceeded\"",
            Encoding.UTF8.GetString(ErrorWriter.Events(detail, ErrorForm.Responses)),
            StringComparison.Ordinal);
    }

    private static bool IsName(string line) => line.StartsWith("event: ", StringComparison.Ordinal);

    private static (string? Name, JsonNode Data) Read(string text)
    {
        var lines = text.Split('\n');
        return (
            lines.Where(IsName).Select(line => line[7..]).SingleOrDefault(),
            JsonNode.Parse(Assert.Single(lines, line => line.StartsWith("data: ", StringComparison.Ordinal))[6..])!);
    }

    private static IEnumerable<string?> Strings(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => Strings(member.Value)),
        JsonArray elements => elements.SelectMany(Strings),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [(string?)value],
        _ => [],
    };
}
