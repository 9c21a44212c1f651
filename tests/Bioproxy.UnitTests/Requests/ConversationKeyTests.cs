using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.PromptTests;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Requests;

public sealed class ConversationKeyTests
{
    private const string Key = "key\n";

    [Theory]
    [InlineData("X-Bioproxy-Conversation")]
    [InlineData("X-Claude-Code-Session-Id")]
    [InlineData("session_id")]
    [InlineData("session-id")]
    [InlineData("thread-id")]
    [InlineData("conversation_id")]
    [InlineData("x-opencode-session")]
    [InlineData("x-session-affinity")]
    [InlineData("X-OpenWebUI-Chat-Id")]
    [InlineData("X-Session-Id")]
    [InlineData("x-SESSION-id")]
    [InlineData("X-Conversation-Id")]
    public void Of_AClientsHeader_IsItsConversation(string header)
    {
        var key = Of("{}", (header, "chat-1"));

        Assert.NotNull(key);
        Assert.DoesNotContain("chat-1", key, StringComparison.Ordinal);
        Assert.NotEqual(key, Of("{}", (header, "chat-2")));
    }

    [Theory]
    [InlineData("""{"prompt_cache_key":"ses-1"}""", "ses-1")]
    [InlineData("""{"prompt_cache_key":"ses\u002d1"}""", "ses-1")]
    [InlineData("""{"metadata":{"user_id":"user_ab12_account__session_ses-1"}}""", "ses-1")]
    [InlineData("""{"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"ses-1\"}"}}""", "ses-1")]
    [InlineData("""{"metadata":{"session_id":"ses-1"}}""", "ses-1")]
    [InlineData("""{"metadata":{"chat_id":"ses-1"}}""", "ses-1")]
    [InlineData("""{"previous_response_id":"ses-1"}""", "ses-1")]
    [InlineData("""{"metadata":{"session_id":"other"},"prompt_cache_key":"ses-1"}""", "ses-1")]
    [InlineData("""{"previous_response_id":"other","metadata":{"session_id":"ses-1"}}""", "ses-1")]
    [InlineData("""{"metadata":{"user_id":"ada"}}""", null)] // all conversations of a person are not one
    [InlineData("""{"metadata":{"user_id":"user_ab12_account__session_"}}""", null)]
    [InlineData("""{"metadata":{"user_id":"{\"device_id\":\"d\"}"}}""", null)]
    [InlineData("""{"metadata":{"user_id":"{broken"}}""", null)]
    [InlineData("""{"metadata":"ses-1"}""", null)]
    [InlineData("""{"metadata":{"session_id":7},"prompt_cache_key":null,"previous_response_id":{}}""", null)]
    [InlineData("""{"prompt_cache_key":"\ud800"}""", null)]
    [InlineData("""{"prompt_cache_key":""}""", null)]
    [InlineData("{}", null)]
    public void Of_Body_IsTheIdThatItHolds(string body, string? id) =>
        Assert.Equal(id is null ? null : Of("{}", ("X-Session-Id", id)), Of(body));

    [Fact]
    public void Of_HeaderAndBody_TheHeaderCounts() =>
        Assert.Equal(Of("{}", ("X-Session-Id", "one")), Of("""{"prompt_cache_key":"two"}""", ("X-Session-Id", "one")));

    [Fact]
    public void Of_AnotherKey_IsAnotherConversation()
    {
        var headers = Headers(("X-Session-Id", "chat-1"));

        Assert.NotEqual(ConversationKey.Of(headers, null, "one\n").Key, ConversationKey.Of(headers, null, "two\n").Key);
        Assert.Equal(ConversationKey.Of(headers, null, "one\n"), ConversationKey.Of(headers, null, "one\n"));
    }

    [Fact]
    public void Of_TooLong_IsNotAnId()
    {
        var longest = new string('x', ConversationKey.MaxLength);

        Assert.NotNull(Of("{}", ("X-Session-Id", longest)));
        Assert.Null(Of("{}", ("X-Session-Id", longest + "x")));
        Assert.Equal(Of("{}", ("X-Session-Id", "a")), Of("""{"prompt_cache_key":"a"}""", ("X-Session-Id", longest + "x")));
        Assert.Null(Of($$$"""{"metadata":{"session_id":"a","padding":"{{{new string('x', 4096)}}}"}}"""));
    }

    [Fact]
    public void Of_SubAgents_HaveConversationsOfTheirOwn()
    {
        var claude = ("X-Claude-Code-Session-Id", "s");

        Assert.Distinct(
        [
            Of("{}", claude),
            Of("{}", claude, ("X-Claude-Code-Agent-Id", "a")),
            Of("{}", claude, ("X-Claude-Code-Agent-Id", "b")),
        ]);
        Assert.NotEqual(Of("{}", ("session-id", "s"), ("thread-id", "s")), Of("{}", ("session-id", "s"), ("thread-id", "t")));
    }

    [Theory]
    [InlineData("X-Claude-Code-Agent-Id", "a", true)]
    [InlineData("x-openai-subagent", "review", true)]
    [InlineData("x-openai-subagent", "false", false)]
    [InlineData("x-openai-memgen-request", "true", true)]
    [InlineData("x-codex-parent-thread-id", "t", true)]
    [InlineData("x-parent-session-id", "s", true)]
    [InlineData("x-parent-session-id", " ", false)]
    [InlineData("X-Session-Id", "s", false)]
    public void NamesSubAgent_Headers(string header, string value, bool isSubAgent) =>
        Assert.Equal(isSubAgent, ConversationKey.NamesSubAgent(Headers((header, value))));

    [Fact]
    public void Derived_IsTheSystemMessageAndTheFirstQuestion()
    {
        const string Chat = """{"messages":[{"role":"system","content":"S"},{"role":"user","content":"Q"}]}""";
        var key = Derived(Chat);

        Assert.Equal(key, Derived(Chat.Replace("}]", """},{"role":"assistant","content":"A"},{"role":"user","content":"R"}]""",
            StringComparison.Ordinal)));
        Assert.Equal(12, key.Length);
        Assert.Distinct(
        [
            key,
            Derived(Chat.Replace("\"S\"", "\"T\"", StringComparison.Ordinal)),
            Derived(Chat.Replace("\"Q\"", "\"R\"", StringComparison.Ordinal)),
            Derived(Chat, "ada"),
            Derived("""{"messages":[]}"""),
        ]);
    }

    private static string Derived(string json, string? domain = null)
    {
        using var prompt = TestPrompts.Chat(json, domain);
        return ConversationName.Of(prompt).ToString();
    }

    /// <summary>The headers of the issue come first and in its order, then the members of the body.</summary>
    [Fact]
    public void Of_AllAtOnce_CountsInItsOrder()
    {
        List<(string, string)> headers =
        [
            ("X-Bioproxy-Conversation", "1"), ("X-Claude-Code-Session-Id", "2"), ("thread-id", "3"), ("session_id", "4"),
            ("x-opencode-session", "5"), ("X-OpenWebUI-Chat-Id", "6"), ("X-Session-Id", "7"),
        ];
        List<string> members =
        [
            "\"prompt_cache_key\":\"8\"", """
            "metadata":{"user_id":"user_a_session_9","session_id":"10"}
            """, "\"previous_response_id\":\"11\"",
        ];
        List<string?> sources = [];
        for (; headers.Count > 0; headers.RemoveAt(0))
            sources.Add(Found(members, headers).Source);
        for (; members.Count > 0; members.RemoveAt(0))
            sources.Add(Found(members, []).Source);

        Assert.Equal(
            [
                "X-Bioproxy-Conversation", "X-Claude-Code-Session-Id", "thread-id", "session_id", "x-opencode-session",
                "X-OpenWebUI-Chat-Id", "X-Session-Id", "prompt_cache_key", "metadata.user_id", "previous_response_id",
            ],
            sources);
        Assert.Equal((null, null), Found([], []));

        static (string?, string? Source) Found(List<string> members, List<(string, string)> headers) => ConversationKey.Of(
            Headers([.. headers]),
            PromptBody.Read(Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}"), PromptEndpoint.Chat),
            Key);
    }

    private static string? Of(string body, params (string Name, string Value)[] headers) =>
        ConversationKey.Of(Headers(headers), PromptBody.Read(Encoding.UTF8.GetBytes(body), PromptEndpoint.Chat), Key).Key;

    private static HeaderDictionary Headers(params (string Name, string Value)[] headers)
    {
        var all = new HeaderDictionary();
        foreach (var (name, value) in headers)
            all[name] = value;
        return all;
    }
}
