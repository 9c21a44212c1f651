using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>References: what a server answers without the proxy and without any reuse.</summary>
internal static class ColdExtensions
{
    public static Task<FirstToken> ColdAsync(this LlamaServer server, params (string Role, string Content)[] messages)
    {
        var chat = ChatProbe.Chat(messages);
        chat["cache_prompt"] = false;
        return ChatProbe.FirstTokenAsync(server.Client, server.BaseAddress, chat, CancellationToken.None).DefaultTimeout();
    }
}
