using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>The template that a request is counted for.</summary>
public sealed class UsedTriggerTests
{
    private static readonly ProxyOptions Options = new()
    {
        BaseDirectory = "/",
        StateDirectory = "/",
        Prefixes = [new("@code", "a"), new("@code-review", "b")],
    };

    [Theory]
    [InlineData("@code How?", null, "@code")]
    [InlineData("@code-review This.", null, "@code-review")]
    [InlineData("Hello", "@code How?", "@code")]
    [InlineData("@code-review This.", "@code How?", "@code-review")]
    [InlineData("Hello @code", null, null)]
    public void Prompt_BeginsWithATrigger_IsCountedForIt(string first, string? last, string? expected)
    {
        var messages = new[] { first, last }.OfType<string>().Select(text => $$"""{"role":"user","content":"{{text}}"}""");
        var body = Encoding.UTF8.GetBytes($$"""{"messages":[{{string.Join(',', messages)}}]}""");
        var prompt = new EditablePrompt(PromptBody.Read(body, PromptEndpoint.Chat)!, "id", isWarmUp: false);

        Assert.Equal(expected, UsedTrigger.In(prompt.Context.Messages, Options));
    }
}
