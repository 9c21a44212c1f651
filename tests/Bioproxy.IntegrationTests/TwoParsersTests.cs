using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// llama-server's parser and ours agree on what is a prompt: whatever its <c>/apply-template</c> renders, we have read the same messages.
/// What only we can read does no harm, because the server refuses it.
/// </summary>
public sealed class TwoParsersTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(LongRun.IsOn ? 20 : 4);

    [Theory]
    [InlineData(1, 300)]
    [LongInlineData(2, 5000)]
    [LongInlineData(3, 5000)]
    public async Task ApplyTemplate_MutatedBodies_AreReadAlike(int seed, int count)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var server = await LlamaServer.StartAsync(
            new LlamaServerOptions { ModelPath = TinyModel.Ensure(TinyArchitecture.Llama, 1, TinySize.Tiny), Parallel = 1 }, limit.Token);
        var mutations = new BodyMutations(seed);
        var accepted = 0;
        for (var round = 0; round < count; round++)
        {
            var body = mutations.Next();
            var (status, theirs) = await RenderAsync(server, body, limit.Token);
            if (status != HttpStatusCode.OK)
                continue;
            accepted++;
            var extent = JsonExtent.Of(body);
            var read = PromptBody.Read(body.AsMemory(extent.Start, extent.Length), PromptEndpoint.Chat);
            Assert.True(read is not null, $"seed {seed}, round {round}: only the server reads {Convert.ToBase64String(body)}");
            var (_, ours) = await RenderAsync(server, Plain(read), limit.Token);
            Assert.True(theirs == ours, $"seed {seed}, round {round}: {Convert.ToBase64String(body)}\ntheirs {theirs}\nours {ours}");
        }

        output.WriteLine($"{accepted} of {count} bodies were prompts");
        Assert.InRange(accepted, count / 8, count - (count / 8));
    }

    private static async Task<(HttpStatusCode Status, string Answer)> RenderAsync(LlamaServer server, byte[] body, CancellationToken stop)
    {
        using var content = new ByteArrayContent(body);
        using var response = await server.Client.PostAsync(new Uri("apply-template", UriKind.Relative), content, stop);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(stop));
    }

    /// <summary>The messages as we understood them, written as plainly as possible. A list of one text stays one: the server renders a
    /// last answer without text in another way when it is a string.</summary>
    private static byte[] Plain(PromptBody read)
    {
        var messages = new JsonArray();
        foreach (var message in read.Messages)
        {
            var isList = message.Content is { } range && read.Body.Span[range.Start] == '[';
            var parts = message.Parts.Select(part => JsonText.StringOrNull(part.Range.Of(read.Body.Span))).ToList();
            Assert.All(message.Parts, static part => Assert.True(part.IsText, "the server renders what we take for no text"));
            messages.Add(new JsonObject
            {
                ["role"] = message.Role,
                ["content"] = parts.Count == 0 ? null : !isList ? parts[0] : new JsonArray(
                    [.. parts.Select(text => new JsonObject { ["type"] = "text", ["text"] = text })]),
            });
        }

        return Encoding.UTF8.GetBytes(new JsonObject { ["messages"] = messages }.ToJsonString());
    }
}
