using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Plugins see every prompt that the backend could read, whatever path and shape it comes in.</summary>
public sealed class FakePromptKindTests(ITestOutputHelper output)
{
    private const string Chat = """{"messages":[{"role":"user","content":"@code hi"}]}""";

    [Theory]
    [InlineData("/v1/messages/count_tokens", Chat)]
    [InlineData("/v1/chat/completions/input_tokens", Chat)]
    [InlineData("/v1/responses/input_tokens", """{"input":"@code hi"}""")]
    [InlineData("/apply-template", Chat)]
    [InlineData("/tokenize", """{"content":"@code hi"}""")]
    [InlineData("/llama/v1/chat/completions", Chat)]
    [InlineData("/v1/chat/completions/", Chat)]
    [InlineData("/v1%2Fchat%2Fcompletions", Chat)]
    [InlineData("/v1/completions", """{"prompt":["@code hi"]}""")]
    [InlineData("/completion", """{"prompt":{"prompt_string":"@code hi","multimodal_data":[]}}""")]
    [InlineData("/v1/chat/completions", "\uFEFF" + Chat)]
    [InlineData("/v1/chat/completions", Chat + "\0")]
    public async Task Prompt_OfAnyKind_IsExpanded(string path, string body)
    {
        await using var stage = await FakeStage.StartAsync(output, templates: ("@code", "Write good code.\n<<message>>"));

        using var response = await stage.SendAsync(body, path);

        var sent = stage.Backend.Requests.Last(
            request => request.Path == path && request.Text.Contains("hi\"", StringComparison.Ordinal)); // others are rehearsals
        Assert.Equal(
            body.Replace("@code hi", "Write good code.\\nhi", StringComparison.Ordinal), FakeStage.WithoutPin(sent.Text, response));
    }

    [Fact]
    public async Task Count_WhileAllSlotsAreBusy_IsAnsweredAtOnce()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 });
        using var gate = stage.Backend.HoldGeneration(request => request.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        var (text, response) = await stage.AskAsync("""{"content":"hi"}""", "/tokenize");

        using (response)
            Assert.NotNull(JsonNode.Parse(text)!["tokens"]);
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
    }
}
