using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// What a model answers when nothing is in the way: no proxy, no snapshot, one slot, every prompt computed from its first token. One server
/// per model serves the whole test run, and no question is asked twice.
/// </summary>
internal sealed class ReferenceServer
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<ReferenceServer>>> All = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _answers = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly LlamaServer _server;

    private ReferenceServer(LlamaServer server) => _server = server;

    /// <summary>The server of a model, started at its first use; it ends with this process.</summary>
    public static Task<ReferenceServer> OfAsync(TinyArchitecture architecture, int seed = 1, TinySize size = TinySize.Small)
    {
        var model = TinyModel.Ensure(architecture, seed, size);
        return All.GetOrAdd(model, path => new(() => StartAsync(path))).Value;
    }

    /// <summary>The answer to a chat request.</summary>
    /// <param name="chat">The request.</param>
    /// <param name="isContinued">The server may continue what its slot holds, which is quicker, and exact to
    /// <see cref="Tolerances.OtherSplit"/>.</param>
    public async Task<Answer> AnswerAsync(JsonObject chat, bool isContinued = false)
    {
        var body = (JsonObject)chat.DeepClone();
        body["cache_prompt"] = isContinued;
        var text = await _answers.GetOrAdd(body.ToJsonString(), key => new(() => AskAsync(key))).Value;
        return new Answer(HttpStatusCode.OK, null, null, JsonNode.Parse(text)!);
    }

    /// <summary>The distribution of the first token of the answer to these messages.</summary>
    public async Task<FirstToken> FirstTokenAsync(params (string Role, string Content)[] messages) =>
        (await AnswerAsync(ChatProbe.FirstTokenBody(ChatProbe.Chat(messages)))).First;

    private static async Task<ReferenceServer> StartAsync(string model)
    {
        var options = new LlamaServerOptions { ModelPath = model, Parallel = 1, CacheRamMiB = 0, Threads = 1 };
        return new(await LlamaServer.StartAsync(options, CancellationToken.None).DefaultTimeout());
    }

    private async Task<string> AskAsync(string body)
    {
        await _turn.WaitAsync().DefaultTimeout();
        try
        {
            using var request = TestProxy.Request((JsonObject)JsonNode.Parse(body)!);
            using var response = await _server.Client.SendAsync(request).DefaultTimeout();
            var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
            return response.IsSuccessStatusCode ? text : throw new HttpRequestException($"{(int)response.StatusCode}: {text}");
        }
        finally
        {
            _turn.Release();
        }
    }
}
