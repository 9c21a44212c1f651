using System.Net;
using System.Text;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// Short requests of every kind from several clients at once. llama-server closes a connection right after each stream, so that the pool
/// often holds dead ones: none of them may become an error that a client sees.
/// </summary>
public sealed class MixedRequestsTests(ITestOutputHelper output)
{
    private const string Chat = "/v1/chat/completions";

    /// <param name="requests">In all.</param>
    [Theory]
    [InlineData(1000)]
    [LongInlineData(10_000)]
    public async Task ShortRequests_OneToTwentyFourClients_NoneFailsThatTheServerDidNotFail(int requests)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 4));
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();

        foreach (var clients in new[] { 1, 2, 8, 24 })
        {
            var each = requests / 4 / clients;
            var failures = await Task.WhenAll(
                Enumerable.Range(0, clients).Select(client => AskAsync(proxy.Client, seed: (clients * 100) + client, each)));
            output.WriteLine($"{clients} clients, {clients * each} requests");
            Assert.Empty(failures.SelectMany(failed => failed));
        }
    }

    /// <summary>One client: asks one question after the other.</summary>
    /// <returns>What failed.</returns>
    private static async Task<List<string>> AskAsync(HttpClient proxy, int seed, int count)
    {
        var random = new Random(seed);
        var failed = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var words = TemplateText.Words(random.Next(), 3);
            var (path, body, end) = random.Next(10) switch
            {
                < 3 => (Chat, Body(words, isStream: false), "\"timings\""),
                < 7 => (Chat, Body(words, isStream: true), "data: [DONE]"),
                7 => ("/v1/completions", $$"""{"prompt":"{{words}}","max_tokens":1}""", "\"timings\""),
                8 => ("/v1/messages/count_tokens", Body(words, isStream: false), "\"input_tokens\""),
                _ => ("/tokenize", $$"""{"content":"{{words}}"}""", "\"tokens\""),
            };
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await proxy.PostAsync(new Uri(path, UriKind.Relative), content).DefaultTimeout();
            var answer = await response.Content.ReadAsStringAsync().DefaultTimeout();
            if (response.StatusCode != HttpStatusCode.OK || !answer.Contains(end, StringComparison.Ordinal))
                failed.Add($"{path} {(int)response.StatusCode} {answer}");
        }

        return failed;
    }

    private static string Body(string words, bool isStream) =>
        $$"""{"messages":[{"role":"user","content":"{{words}}"}],"max_tokens":2,"stream":{{(isStream ? "true" : "false")}}}""";
}
