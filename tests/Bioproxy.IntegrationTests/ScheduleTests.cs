using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// Templates, conversations, unrelated and concurrent requests, edited templates, killed servers and other weights in a seeded random
/// schedule. Every answer must be that of a server that computed it from the first token.
/// </summary>
public sealed class ScheduleTests(ITestOutputHelper output)
{
    /// <summary>For rare faults: <c>BIOPROXY_TEST_STEPS=500</c>, and another <c>BIOPROXY_TEST_SEED</c>.</summary>
    private static readonly int Steps = FromEnvironment("BIOPROXY_TEST_STEPS", 25);

    private static readonly int SeedOffset = FromEnvironment("BIOPROXY_TEST_SEED", 0);

    [Theory]
    [LongInlineData("Llama", 1, 1)]
    [LongInlineData("Llama", 2, 2)]
    [LongInlineData("Llama", null, 3)]
    [LongInlineData("Mamba", 2, 4)]
    [InlineData("Gemma3", null, 5)]
    public async Task AnyOrderOfThings_EveryAnswer_IsThatOfAColdServer(string architecture, int? parallel, int seed)
    {
        var random = new Random(seed + SeedOffset);
        var kind = Enum.Parse<TinyArchitecture>(architecture);
        var prefixes = new[] { "@code", "@review", "@short" };
        var lengths = new[] { 1024, 700, 200 };
        var templates = new string[prefixes.Length];
        var files = new string[prefixes.Length];
        await using var workspace = new Workspace(output);
        for (var i = 0; i < prefixes.Length; i++)
            files[i] = workspace.AddTemplate(prefixes[i], templates[i] = TemplateText.Of(10 + i, lengths[i]));
        workspace.UseModel(kind, seed: 1);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel));
        await using var proxy = await workspace.StartProxyAsync(server);
        var weights = 1;
        var conversations = new List<List<(string Role, string Content)>>();

        for (var step = 0; step < Steps; step++)
        {
            var what = random.Next(100);
            if (what < 6)
            {
                weights = random.Next(2) == 0 ? weights : 3 - weights;
                var now = weights;
                server = await workspace.RestartAsync(server, () => workspace.UseModel(kind, seed: now));
                output.WriteLine($"{step}: restarted with weights {weights}");
            }
            else if (what < 12)
            {
                var i = random.Next(prefixes.Length);
                templates[i] = TemplateText.Of(random.Next(), lengths[i]);
                var hash = HashOf(prefixes[i]);
                await File.WriteAllTextAsync(files[i], templates[i]);
                await Eventually.TrueAsync(() => HashOf(prefixes[i]) != hash, Tolerances.Soon, "the new text is in use");
                conversations.Clear(); // they began with the old text
                output.WriteLine($"{step}: edited {prefixes[i]}");
            }
            else if (what < 15)
            {
                await proxy.WaitUntilWarmAsync(prefixes[random.Next(prefixes.Length)]);
                output.WriteLine($"{step}: waited until warm");
            }
            else
            {
                var asked = Enumerable.Range(0, what < 40 ? random.Next(2, 5) : 1).Select(_ => Question()).ToList();
                var answers = await Task.WhenAll(
                    asked.Select(messages => proxy.SendAsync(Body(messages), CancellationToken.None))).DefaultTimeout();
                for (var i = 0; i < asked.Count; i++)
                    await CheckAsync(step, asked[i], answers[i]);
            }
        }

        await proxy.WaitUntilIdleAsync();
        Assert.DoesNotContain(proxy.Log.Lines, line => line.Contains("Error ", StringComparison.Ordinal));

        string? HashOf(string trigger) => proxy.App.Templates.Single(template => template.Trigger == trigger).ContentHash;

        List<(string Role, string Content)> Question()
        {
            var words = TemplateText.Words(random.Next(), random.Next(10, 120));
            var what = random.Next(10);
            if (what < 3 && conversations.Count > 0)
                return [.. conversations[random.Next(conversations.Count)], ("user", words)];
            return [("user", what < 8 ? $"{prefixes[random.Next(prefixes.Length)]} {words}" : words)];
        }

        async Task CheckAsync(int step, List<(string Role, string Content)> messages, Answer answer)
        {
            var reference = await ReferenceServer.OfAsync(kind, weights);
            var cold = await reference.FirstTokenAsync([.. messages.Select(message => (message.Role, Expand(message.Content)))]);
            var difference = ChatProbe.MaxDifference(answer.First, cold);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{step}: {messages[^1].Content[..10]}… turn {(messages.Count + 1) / 2}: {answer}; from cold {difference:0.000}"));
            Assert.Equal(cold.PromptTokens, answer.PromptTokens);
            Assert.InRange(difference, 0, Tolerances.AnySplit);
            if (messages.Count < 7)
                conversations.Add([.. messages, ("assistant", answer.Text)]);
            if (conversations.Count > 6)
                conversations.RemoveAt(0);
        }

        string Expand(string content)
        {
            var i = Array.FindIndex(prefixes, prefix => content.StartsWith(prefix + " ", StringComparison.Ordinal));
            return i < 0 ? content : TemplateText.Expand(templates[i], content[(prefixes[i].Length + 1)..]);
        }
    }

    private static JsonObject Body(IEnumerable<(string Role, string Content)> messages)
    {
        var body = ChatProbe.FirstTokenBody(ChatProbe.Chat([.. messages]));
        body["max_tokens"] = 6;
        return body;
    }

    private static int FromEnvironment(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;
}
