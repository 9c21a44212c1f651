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

    /// <param name="parallel">The number of slots.</param>
    /// <param name="slots">The number of slots that the server makes of it.</param>
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
        var server = await workspace.StartServerAsync(
            workspace.ServerOptions(parallel) with { ExtraArguments = ["--log-file", log, "--log-verbosity", "5"] });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilWarmAsync("@code");

        // Half of them with the template: restores and pins run beside requests that the server places itself.
        var questions = Enumerable.Range(0, Clients).Select(
            number => (number % 2 == 0 ? "@code " : "") + TemplateText.Words(seed: 100 + number, length: 60)).ToList();
        var answers = await Task.WhenAll(
            questions.Select(question => proxy.SendAsync(Body(question), CancellationToken.None))).DefaultTimeout();
        await proxy.WaitUntilIdleAsync();

        var cold = new List<FirstToken>();
        foreach (var question in questions)
        {
            var isTemplated = question.StartsWith("@code ", StringComparison.Ordinal);
            cold.Add(await workspace.ColdAsync(("user", isTemplated ? TemplateText.Expand(template, question[6..]) : question)));
        }

        for (var client = 0; client < Clients; client++)
        {
            var answer = answers[client];
            output.WriteLine($"{questions[client]}: {answer}, from cold {ChatProbe.MaxDifference(answer.First, cold[client]):0.0000}");
            Assert.Equal(cold[client].PromptTokens, answer.PromptTokens);
            Assert.InRange(ChatProbe.MaxDifference(answer.First, cold[client]), 0, Tolerances.SharedBatches);
            var others = Enumerable.Range(0, Clients).Where(other => other != client);
            Assert.All(others, other => Assert.True(ChatProbe.MaxDifference(answer.First, cold[other]) > Tolerances.SharedBatches));
            if (questions[client].StartsWith("@code", StringComparison.Ordinal))
                Assert.InRange(answer.CachedTokens, TemplateTokens, answer.PromptTokens);
        }

        await AssertSlotsWereNotSharedAsync(server, log, slots);
    }

    private static System.Text.Json.Nodes.JsonObject Body(string question)
    {
        var body = ChatProbe.FirstTokenBody(ChatProbe.Chat(("user", question)));
        body["max_tokens"] = 6;
        return body;
    }

    /// <summary>Reads the server's own log, which says when a request for a busy slot is deferred.</summary>
    private static async Task AssertSlotsWereNotSharedAsync(LlamaServer server, string log, int slots)
    {
        await server.StopAsync(); // its log is written by another thread and is complete now
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
