using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class EditablePromptTests
{
    [Fact]
    public void Context_Body_IsWhatPluginsSee()
    {
        var prompt = Read(
            """{"model":"m","messages":[{"role":"system","content":"be\n"},"""
            + """{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}]}""");
        var context = prompt.Context;

        Assert.Equal(("id", PromptEndpoint.Chat, "m", false), (context.RequestId, context.Endpoint, context.Model, context.IsWarmUp));
        Assert.Equal(
            [("system", "be\n"), ("user", "a"), ("user", null)],
            context.Messages.SelectMany(m => m.Parts.Select(p => (m.Role, p.Text))));
        Assert.Equal("image_url", context.Messages[1].Parts[1].Type);
    }

    [Fact]
    public void Splices_NothingEdited_AreNone()
    {
        var prompt = Read("""{"messages":[{"role":"user","content":"a"}]}""");
        _ = prompt.Context.Messages[0].Parts[0].Text;
        prompt.Context.Messages[0].Parts[0].StartsWith("a");

        Assert.Empty(prompt.Splices());
    }

    [Fact]
    public void Splices_OneEdit_ReplacesThatStringAndNothingElse()
    {
        const string Json =
            """{ "max_tokens":12345678901234567890123, "messages":[{"role":"user","content": "a\u0062" , "x":1e-7}],"b\u0061":[1,  2]}""";
        var prompt = Read(Json);
        prompt.Context.Messages[0].Parts[0].Text += "\"\n€";

        Assert.Equal(Json.Replace("\"a\\u0062\"", "\"ab\\\"\\n€\"", StringComparison.Ordinal), Spliced(prompt));
    }

    [Fact]
    public void Splices_RandomEdits_ChangeTheEditedTextsOnly()
    {
        var bodies = new ChatBodies(21);
        var random = new Random(22);
        for (var round = 0; round < 1500; round++)
        {
            var (bytes, messages) = bodies.Next();
            var prompt = new EditablePrompt(PromptBody.Read(bytes, PromptEndpoint.Chat)!, "id", isWarmUp: false);
            var expected = new List<string?>();
            var unedited = new List<byte>();
            var at = 0;
            for (var m = 0; m < messages.Count; m++)
            {
                for (var p = 0; p < messages[m].Parts.Count; p++)
                {
                    var text = messages[m].Parts[p];
                    var range = prompt.Source.Messages[m].Parts[p].Range;
                    if (text is not null && random.Next(2) == 0)
                    {
                        prompt.Context.Messages[m].Parts[p].Text = text = $"edited {round} \"\u0002ä😀";
                        unedited.AddRange(bytes[at..range.Start]);
                        at = range.End;
                    }

                    expected.Add(text);
                }
            }

            unedited.AddRange(bytes[at..]);
            var splices = prompt.Splices();
            var spliced = new SplicedBody(bytes, splices).ToArray();
            var again = PromptBody.Read(spliced, PromptEndpoint.Chat)!;

            Assert.Equal(
                expected,
                again.Messages.SelectMany(m => m.Parts).Select(p => p.IsText ? JsonText.StringOrNull(p.Range.Of(spliced)) : null));
            Assert.Equal(unedited, new SplicedBody(bytes, [.. splices.Select(s => s with { Replacement = default })]).ToArray());
            using var valid = JsonDocument.Parse(spliced);
        }
    }

    [Fact]
    public void Text_LoneSurrogate_CannotBeReplaced()
    {
        var part = Read("""{"messages":[{"role":"user","content":"a\ud800"}]}""").Context.Messages[0].Parts[0];

        Assert.Null(part.Text);
        Assert.False(part.StartsWith("\ufffd"));
        Assert.Throws<InvalidOperationException>(() => part.Text = "b");
    }

    [Theory]
    [InlineData("@code hi", "@code", true)]
    [InlineData("@cod", "@code", false)]
    [InlineData("\\u0040code", "@code", true)]
    [InlineData("@co\\u0064e x", "@code", true)]
    [InlineData("@code\\n", "@code", true)]
    [InlineData("@äb", "@ä", true)]
    [InlineData("@ä", "@a", false)]
    [InlineData("", "@", false)]
    [InlineData("", "", true)]
    [InlineData("@\\ud800", "@", true)]
    public void StartsWith_Token_IsAsItsText(string token, string prefix, bool expected)
    {
        var json = $$"""{"messages":[{"role":"user","content":"{{token}}"}]}""";

        Assert.Equal(expected, Read(json).Context.Messages[0].Parts[0].StartsWith(prefix));
    }

    private static EditablePrompt Read(string json) =>
        new(PromptBody.Read(Encoding.UTF8.GetBytes(json), PromptEndpoint.Chat)!, "id", isWarmUp: false);

    private static string Spliced(EditablePrompt prompt) =>
        Encoding.UTF8.GetString(new SplicedBody(prompt.Source.Body, prompt.Splices()).ToArray());
}
