using System.Globalization;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>More clients than slots.</summary>
public sealed partial class ManyClientsTests(ITestOutputHelper output)
{
    private const int Clients = 10;
    private const int TemplateTokens = 2 * 512;

    /// <summary>
    /// Two requests are computed in the same batches here, and that moves log-probabilities a little more than the batch size does; another
    /// question's answer is several units away.
    /// </summary>
    private const double Equal = 0.3;

    /// <param name="parallel">The number of slots.</param>
    /// <param name="slots">How many that are.</param>
    [Theory]
    [InlineData(2, 2)]
    [InlineData(null, 4)]
    public async Task TenClients_FewSlots_AllAreAnsweredRightAndNoSlotIsSharedByTwo(int? parallel, int slots)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var template = TemplateText.Of(1, TemplateTokens);
        workspace.AddTemplate("@code", template);
        var log = workspace.PathOf("server.log");
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel) with { ExtraArguments = ["--log-file", log, "--log-verbosity", "5"] });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilWarmAsync("@code");

        // Half of them with the template: restores and pins go on beside requests that the server places itself.
        var questions = Enumerable.Range(0, Clients).Select(number => (number % 2 == 0 ? "@code " : "") + TemplateText.Words(seed: 100 + number, length: 60)).ToList();
        var answers = await Task.WhenAll(questions.Select(question => proxy.SendAsync(Body(question), CancellationToken.None))).DefaultTimeout();
        await proxy.WaitUntilIdleAsync();

        await using (var reference = await workspace.StartServerAsync(new LlamaServerOptions { ModelPath = workspace.ModelPath, Parallel = 1, CacheRamMiB = 0 }))
        {
            var cold = new List<FirstToken>();
            foreach (var question in questions)
                cold.Add(await reference.ColdAsync(("user", question.StartsWith("@code ", StringComparison.Ordinal) ? TemplateText.Expand(template, question[6..]) : question)));
            for (var client = 0; client < Clients; client++)
            {
                output.WriteLine($"{questions[client]}: {answers[client]}, from cold {ChatProbe.MaxDifference(answers[client].First, cold[client]):0.0000}");
                Assert.Equal(cold[client].PromptTokens, answers[client].PromptTokens);
                Assert.InRange(ChatProbe.MaxDifference(answers[client].First, cold[client]), 0, Equal);
                Assert.All(Enumerable.Range(0, Clients).Where(other => other != client), other => Assert.True(ChatProbe.MaxDifference(answers[client].First, cold[other]) > Equal));
                if (questions[client].StartsWith("@code", StringComparison.Ordinal))
                    Assert.InRange(answers[client].CachedTokens, TemplateTokens, answers[client].PromptTokens);
            }
        }

        await AssertSlotsWereNotSharedAsync(server, log, slots);
    }

    private static System.Text.Json.Nodes.JsonObject Body(string question)
    {
        var body = ChatProbe.FirstTokenBody(ChatProbe.Chat(("user", question)));
        body["max_tokens"] = 6;
        return body;
    }

    /// <summary>The server's own log: a request for a slot at work is put off, and says so.</summary>
    private static async Task AssertSlotsWereNotSharedAsync(LlamaServer server, string log, int slots)
    {
        await server.StopAsync(); // it writes its log from another thread: now it is complete
        var text = await File.ReadAllTextAsync(log);
        Assert.DoesNotContain("defer", text, StringComparison.OrdinalIgnoreCase);
        var busy = new HashSet<int>();
        var most = 0;
        foreach (Match line in SlotLines().Matches(text))
        {
            var slot = int.Parse(line.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
            Assert.True(line.Groups[1].Value == "release" ? busy.Remove(slot) : busy.Add(slot), line.Value);
            most = Math.Max(most, busy.Count);
        }

        Assert.Empty(busy);
        Assert.Equal(slots, most);
    }

    [GeneratedRegex(@"slot +(launch_slot_|release): id +(\d+) \| task \d+ \| (?:processing task|stop processing).*")]
    private static partial Regex SlotLines();
}
