using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class PromptSplicesTests
{
    [Theory]
    [InlineData("{}", """{"cache_prompt":false}""")]
    [InlineData(""" { "prompt":"x"}""", """ {"cache_prompt":false, "prompt":"x"}""")]
    [InlineData("""{"prompt":"x","cache_prompt":true}""", """{"prompt":"x","cache_prompt":false}""")]
    [InlineData("""{"cache_prompt":false,"cache_prompt" : true,"n":1}""", """{"cache_prompt":false,"cache_prompt" : false,"n":1}""")]
    [InlineData("""{"cache\u005fprompt":null}""", """{"cache\u005fprompt":false}""")]
    [InlineData("""{"x":{"cache_prompt":true}}""", """{"cache_prompt":false,"x":{"cache_prompt":true}}""")]
    public void ForbidReuse_ReplacesTheClientsWishOrIsTheFirstMember(string body, string expected) =>
        Assert.Equal(expected, With(body, splices => splices.ForbidReuse()));

    [Fact]
    public void AskForProgress_IsTheFirstMember() =>
        Assert.Equal("""{"return_progress":true,"stream":true}""", With("""{"stream":true}""", splices => splices.AskForProgress()));

    [Theory]
    [InlineData("""{"prompt":"x"}""", false)]
    [InlineData("""{"prompt":"x","lora":null}""", false)]
    [InlineData("""{"prompt":"x","lora":[{"id":0,"scale":0.5}]}""", true)]
    [InlineData("""{"prompt":"x","options":{"lora":[{"id":0}]}}""", false)]
    public void HasAdapters_TheRequestChoosesThem(string body, bool expected) => Assert.Equal(expected, Read(body).HasAdapters);

    private static string With(string body, Func<PromptSplices, JsonSplice> splice) =>
        Encoding.UTF8.GetString(new SplicedBody(Encoding.UTF8.GetBytes(body), [splice(Read(body).Splices)]).ToArray());

    private static PromptBody Read(string body) => PromptBody.Read(Encoding.UTF8.GetBytes(body), PromptEndpoint.Completion)!;
}
