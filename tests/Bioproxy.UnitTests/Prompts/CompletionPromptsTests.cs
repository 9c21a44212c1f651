using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

/// <summary>Which texts of a raw completion plugins see. A message is written as its parts: texts with their type, others as they are.
/// </summary>
public sealed class CompletionPromptsTests
{
    [Theory]
    [InlineData("\"hi\"", 1, "text:hi")]
    [InlineData("[\"hi\"]", 1, "text:hi")]
    [InlineData("[\"hi\", \"ho\"]", 2, "text:hi", "text:ho")]
    [InlineData("[1, 2]", 1, "[1, 2]")]
    [InlineData("[[1, 2]]", 1, "[1, 2]")]
    [InlineData("[[1], [2]]", 2, "[1]", "[2]")]
    [InlineData("[1, 2, \"hi\", 3, \"ho\"]", 1, "1, 2|piece:hi|3|piece:ho")]
    [InlineData("[\"hi\", 1]", 1, "text:hi|1")]
    [InlineData("[[1, \"hi\"], \"ho\"]", 2, "1|piece:hi", "text:ho")]
    [InlineData("{\"prompt_string\": \"hi\"}", 1, "text:hi")]
    [InlineData("{\"prompt_string\":\"no\",\"multimodal_data\":[\"AA\"],\"prompt\\u005fstring\":\"hi\"}", 1, "text:hi")]
    [InlineData("[{\"prompt_string\": \"hi\"}, \"ho\"]", 2, "text:hi", "text:ho")]
    [InlineData("[]", 1, "[]")]
    [InlineData("null", 1, "null")]
    [InlineData("{}", 1, "{}")]
    public void Prompt_InAnyShape_ShowsItsTexts(string prompt, int count, params string[] expected)
    {
        var body = Read($$"""{"prompt":{{prompt}}}""");

        Assert.Equal(count, body.Generations);
        Assert.Equal(expected, body.Messages.Select(message => Written(message, body)));
    }

    [Theory]
    [InlineData("""{"content":"hi","prompt":"no"}""", PromptForm.Content, "text:hi")]
    [InlineData("""{"content":[1,"hi"]}""", PromptForm.Content, "1|piece:hi")]
    [InlineData("""{"prompt":"c","input_suffix":"d","input_prefix":"b","content":"no"}""", PromptForm.Infill, "code:b|code:c|code:d")]
    [InlineData(
        """{"input_extra":[{"text":"x","filename":"f"},{"text":"y"},3],"input_prefix":"no","input_prefix":"b"}""",
        PromptForm.Infill,
        "code:f|code:x|code:y|code:b")]
    public void Prompt_OfOtherMembers_ShowsItsTexts(string json, object form, string expected)
    {
        var body = Read(json, (PromptForm)form);

        Assert.Equal([expected], body.Messages.Select(message => Written(message, body)));
    }

    [Fact]
    public void Canonical_ListOfOnePrompt_IsThatPrompt()
    {
        using var one = CanonicalPrompt.Build(new EditablePrompt(Read("""{"prompt":"hi"}"""), "id", isWarmUp: false));
        using var list = CanonicalPrompt.Build(new EditablePrompt(Read("""{"prompt":["hi"]}"""), "id", isWarmUp: false));

        Assert.Equal(one.Chain.End, list.Chain.End);
    }

    private static PromptBody Read(string json, PromptForm form = PromptForm.Usual) =>
        PromptBody.Read(Encoding.UTF8.GetBytes(json), PromptEndpoint.Completion, form)!;

    private static string Written(MessageRanges message, PromptBody body) => string.Join('|', message.Parts.Select(part => part.IsText
        ? $"{part.Type}:{JsonText.StringOrNull(part.Range.Of(body.Body.Span))}"
        : Encoding.UTF8.GetString(part.Range.Of(body.Body.Span))));
}
