using Bioproxy.Abstractions;
using Bioproxy.PrefixExpander;
using NSubstitute;

namespace Bioproxy.UnitTests.PrefixExpander;

/// <summary>Which texts are expanded. The triggers are <c>@code review</c>, <c>@codex</c>, <c>@code</c>, and two that differ in
/// their case; a template renders <c>{trigger|message}</c>.</summary>
public sealed class PrefixTransformTests
{
    [Theory]
    [InlineData("@code Hello", "{@code|Hello}")]
    [InlineData("@code", "{@code|}")]
    [InlineData("@code   ", "{@code|}")]
    [InlineData("@code\nHello", "{@code|Hello}")]
    [InlineData("@code\t \r\n Hello", "{@code|Hello}")]
    [InlineData("@code\u00A0Hello", "{@code|Hello}")]
    // What follows is kept exactly.
    [InlineData("@code Hello  \n ", "{@code|Hello  \n }")]
    [InlineData("@code  a  b\n\n c", "{@code|a  b\n\n c}")]
    [InlineData("@code @code x", "{@code|@code x}")]
    // The longest prefix wins, and only whole words count.
    [InlineData("@codex Hello", "{@codex|Hello}")]
    [InlineData("@code review this", "{@code review|this}")]
    [InlineData("@code reviewer", "{@code|reviewer}")]
    [InlineData("@coder Hello", null)]
    [InlineData("@code, please", null)]
    [InlineData("@coder: Hello", null)]
    [InlineData("@code:x", null)]
    [InlineData("@code :x", "{@code|:x}")]
    // What keyboards and agents do to it, unasked.
    [InlineData(" @code Hello", "{@code|Hello}")]
    [InlineData("\n\n\t@code Hello", "{@code|Hello}")]
    [InlineData("@Code Hello", "{@code|Hello}")]
    [InlineData("@CODE REVIEW this", "{@code review|this}")]
    [InlineData("@code: Hello", "{@code|Hello}")]
    [InlineData("@code:\nHello", "{@code|Hello}")]
    [InlineData("@code:", "{@code|}")]
    [InlineData("<task>\n@code Hello \n</task>\n<environment_details>x", "<task>\n{@code|Hello} \n</task>\n<environment_details>x")]
    [InlineData("<task>@code</task>", "<task>{@code|}</task>")]
    [InlineData("<feedback>\n@codex Hello</feedback>", "<feedback>\n{@codex|Hello}</feedback>")]
    [InlineData("<task>@code Hello", null)]
    [InlineData("<div>@code Hello</div>", null)]
    [InlineData("<task>Hello @code</task>", null)]
    [InlineData("@shell Hello", null)]
    [InlineData("@Shell Hello", "{@Shell|Hello}")]
    [InlineData("@SHELL Hello", "{@SHELL|Hello}")]
    [InlineData("Hello @code", null)]
    [InlineData("@cod", null)]
    [InlineData("", null)]
    public async Task Transform_UserText_IsExpanded(string text, string? expected)
    {
        var part = new PromptPart("text", text);

        await RunAsync(new PromptMessage("user", [part]));

        Assert.Equal(expected ?? text, part.Text);
        Assert.Equal(expected is not null, part.IsEdited);
    }

    [Theory]
    [InlineData("user", true)]
    [InlineData("assistant", false)]
    [InlineData("system", false)]
    [InlineData("tool", false)]
    [InlineData("", false)]
    public async Task Transform_Role_DecidesWhetherItIsExpanded(string role, bool expanded)
    {
        var part = new PromptPart("text", "@code Hello");

        await RunAsync(new PromptMessage(role, [part]));

        Assert.Equal(expanded, part.IsEdited);
    }

    [Fact]
    public async Task Transform_History_ExpandsEveryUserMessage()
    {
        string[] texts = ["@code one", "no prefix", "@codex two", "@code three"];
        PromptPart[] parts = [.. texts.Select(text => new PromptPart("text", text))];

        await RunAsync([.. parts.Select(part => new PromptMessage("user", [part]))]);

        Assert.Equal(["{@code|one}", "no prefix", "{@codex|two}", "{@code|three}"], parts.Select(part => part.Text));
    }

    [Theory]
    [InlineData("text", true)]
    [InlineData("input_text", true)]
    [InlineData("output_text", false)]
    [InlineData("refusal", false)]
    public async Task Transform_PartType_DecidesWhetherItIsText(string type, bool expanded)
    {
        var part = new PromptPart(type, "@code Hello");

        await RunAsync(new PromptMessage("user", [part]));

        Assert.Equal(expanded, part.IsEdited);
    }

    [Fact]
    public async Task Transform_PartsAroundTheText_OnlyTheFirstTextCounts()
    {
        PromptPart[] parts = [new("image_url", (string?)null), new("text", "@code Hello"), new("text", "@code too")];

        await RunAsync(new PromptMessage("user", parts));

        Assert.Equal([null, "{@code|Hello}", "@code too"], parts.Select(part => part.Text));
    }

    [Fact]
    public async Task Transform_FirstTextWithoutPrefix_LooksNoFurther()
    {
        PromptPart[] parts = [new("text", "Look:"), new("text", "@code Hello")];

        await RunAsync(new PromptMessage("user", parts));

        Assert.DoesNotContain(parts, part => part.IsEdited);
    }

    [Fact]
    public async Task Transform_MessageWithoutContent_IsLeftAlone() => await RunAsync(new PromptMessage("user", []));

    [Fact]
    public async Task Transform_TemplateFails_Throws()
    {
        var library = Substitute.For<ITemplateLibrary>();
        library.Prefixes.Returns(["@code"]);
        library.Render(default!, default!).ReturnsForAnyArgs(_ => throw new TemplateException("broken"));

        await Assert.ThrowsAsync<TemplateException>(
            () => RunAsync(library, new PromptMessage("user", [new PromptPart("text", "@code x")])));
    }

    private static Task RunAsync(params PromptMessage[] messages)
    {
        var library = Substitute.For<ITemplateLibrary>();
        library.Prefixes.Returns(["@code review", "@codex", "@Shell", "@SHELL", "@code"]);
        library.Render(default!, default!)
            .ReturnsForAnyArgs(call => $"{{{call.ArgAt<string>(0)}|{call.ArgAt<TemplateVariables>(1).Message}}}");
        return RunAsync(library, messages);
    }

    private static async Task RunAsync(ITemplateLibrary library, params PromptMessage[] messages)
    {
        var host = Substitute.For<IPluginHost>();
        host.Templates.Returns(library);
        var context = new PromptContext("request", PromptEndpoint.Chat, "model", isWarmUp: false, messages, ReadOnlyMemory<byte>.Empty);
        await new PrefixTransform(host).TransformAsync(context, CancellationToken.None);
    }
}
