using Bioproxy.Abstractions;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.UnitTests.Requests;

public sealed class RoutesTests
{
    [Theory]
    [InlineData("/v1/chat/completions#x", "chat_completions")]
    [InlineData("/v1%2Fchat%2fcompletions", "chat_completions")]
    [InlineData("/v1/chat/completion%u0073", "chat_completions")]
    [InlineData("//v1/chat/completions", "chat_completions")]
    [InlineData("/v1/chat/completions/", "chat_completions")]
    [InlineData("/V1/Chat/Completions", "chat_completions")]
    [InlineData("/llama/v1/chat/completions", "chat_completions")]
    [InlineData("/llama/v1/messages?beta=true", "messages")]
    [InlineData("/upstream/coder/completion", "completion")]
    [InlineData("/llama/v1/messages/count_tokens", "count_tokens")]
    [InlineData("/llama/infill", "infill")]
    public void Of_PathThatReachesAPrompt_IsItsRoute(string target, string expected)
    {
        var route = Of(target);

        Assert.Equal(expected, route.Name);
        Assert.NotNull(route.Prompt);
        Assert.False(route.CanPin && target.StartsWith("/llama", StringComparison.Ordinal), "the server behind a prefix is not known");
    }

    [Theory]
    [InlineData("/v1/stream")]
    [InlineData("/v1/messages/batches")]
    [InlineData("/my-completion")]
    [InlineData("/")]
    public void Of_OtherPath_Passes(string target) => Assert.Equal("other", Of(target).Name);

    [Theory]
    [InlineData("/v1/messages/count_tokens", PromptEndpoint.Messages)]
    [InlineData("/v1/responses/input_tokens", PromptEndpoint.Responses)]
    [InlineData("/v1/chat/completions/input_tokens", PromptEndpoint.Chat)]
    [InlineData("/apply-template", PromptEndpoint.Chat)]
    [InlineData("/tokenize", PromptEndpoint.Completion)]
    public void Of_PromptThatIsOnlyCounted_IsSeenByPluginsAndWaitsForNoSlot(string target, PromptEndpoint expected)
    {
        var route = Of(target);

        Assert.Equal((expected, false), (route.Prompt, route.IsGated));
    }

    private static Route Of(string target)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = "POST";
        http.Request.Path = new PathString(target.Split('?', '#')[0]);
        http.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        return Routes.Of(http.Request);
    }
}
