using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Protocols.Ollama;

namespace Bioproxy.UnitTests.Protocols.Ollama;

public sealed class OllamaPagesTests
{
    private static readonly KnownModel Model = new("coder")
    {
        Since = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Fingerprint = "abc",
        Size = 7189504,
        Parameters = 3592448,
        Quantization = "F16",
        TrainedContext = 131072,
        Context = 8192,
        EmbeddingLength = 256,
        Template = "{% if enable_thinking %}",
        SeesImages = true,
        CallsTools = true,
    };

    private static readonly KnownModel Unloaded = new("other") { IsLoaded = false };

    [Fact]
    public void Tags_Models_HaveTheMembersThatClientsRead()
    {
        var list = Parse(OllamaPages.Tags([Model, Unloaded]))["models"]!.AsArray();

        Assert.Equal(["coder", "other"], list.Select(model => (string?)model!["name"]));
        var digest = (string?)list[0]!["digest"];
        Assert.Equal(64, digest!.Length);
        Assert.Equal(
            $$$"""{"name":"coder","model":"coder","modified_at":"2026-01-02T03:04:05.0000000Z","size":7189504,"digest":"{{{digest}}}","""
                + "\"" + """details":{"parent_model":"","format":"gguf","family":"gguf","families":["gguf"],"parameter_size":"3.59M","""
                + "\"" + """quantization_level":"F16"}}""",
            list[0]!.ToJsonString());
    }

    [Fact]
    public void Running_Models_AreThoseInMemory()
    {
        var model = Assert.Single(Parse(OllamaPages.Running([Model, Unloaded], Model.Since))["models"]!.AsArray())!;

        Assert.Equal(
            ("coder", 8192, "2126-01-02T03:04:05.0000000Z"),
            ((string?)model["name"], (int)model["context_length"]!, (string?)model["expires_at"]));
    }

    [Fact]
    public void Show_Model_SaysWhatItCanDo()
    {
        var page = Parse(OllamaPages.Show(Model));

        Assert.Equal(["completion", "tools", "vision", "thinking"], page["capabilities"]!.AsArray().Select(word => (string?)word));
        Assert.Equal(131072, (int)page["model_info"]!["gguf.context_length"]!);
        Assert.Equal(Model.Template, (string?)page["template"]);
    }

    [Fact]
    public void Show_ModelOfWhichNothingIsKnown_IsACompletionModel() =>
        Assert.Equal(["completion"], Parse(OllamaPages.Show(Unloaded))["capabilities"]!.AsArray().Select(word => (string?)word));

    [Theory]
    [InlineData(7_241_732_096, "7.2B")]
    [InlineData(361_821_120, "361.82M")]
    [InlineData(1_500, "1.50K")]
    [InlineData(0, "0")]
    public void ParameterSize_Count_IsShort(long parameters, string expected) => Assert.Equal(
        expected,
        (string?)Parse(OllamaPages.Show(Model with { Parameters = parameters }))["details"]!["parameter_size"]);

    [Fact]
    public void Version_IsThatOfTheApi() => Assert.Equal("""{"version":"0.12.6"}""", Encoding.UTF8.GetString(OllamaPages.Version().Span));

    private static JsonNode Parse(ReadOnlyMemory<byte> body) => JsonNode.Parse(body.Span)!;
}
