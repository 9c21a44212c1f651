using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Benchmarks.Load;
using Bioproxy.Benchmarks.Report;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// What preambles and the normaliser cost: the proxy with its default settings against one that has them switched off, in turns, each with
/// a stub backend of its own. All conversations share a system message, which is a preamble here.
/// </summary>
internal static class OverheadRun
{
    private const string Default = "default settings";
    private const string Off = "switched off";
    private const int Slots = 16;
    private const int Connections = 16;
    private const double LeastPart = 0.95;

    /// <summary>The system message of the clients is shorter than a preamble that is kept by default.</summary>
    private const int PreambleTokens = 64;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var (stubOfDefault, stubOfOff) = (ChildProcess.FreePort(), ChildProcess.FreePort());
        await using var one = ChildProcess.StartRole("backend", stubOfDefault, Slots, 0);
        await using var two = ChildProcess.StartRole("backend", stubOfOff, Slots, 0);
        await using var load = ChildProcess.StartRole("load");
        await one.UntilListeningAsync(stubOfDefault, cancellationToken);
        await two.UntilListeningAsync(stubOfOff, cancellationToken);
        await using var whole = await ProxyProcess.StartAsync(
            stubOfDefault,
            "Be brief. <<message>>",
            cancellationToken,
            settings: new JsonObject { ["preambles"] = new JsonObject { ["min_tokens"] = PreambleTokens } });
        await using var plain = await ProxyProcess.StartAsync(
            stubOfOff,
            "Be brief. <<message>>",
            cancellationToken,
            settings: new JsonObject
            {
                ["preambles"] = new JsonObject { ["enabled"] = false },
                ["plugins"] = new JsonObject
                {
                    ["Bioproxy.PrefixStabiliser"] = new JsonObject
                    {
                        ["attribution"] = false,
                        ["tool_arguments"] = false,
                        ["answer_text"] = false,
                    },
                },
            });
        Contestant[] contestants = [new(Default, whole.Process, whole.Port), new(Off, plain.Process, plain.Port)];

        ResultTable.Say("overhead, warming up …");
        foreach (var contestant in contestants)
            await Contest.AskAsync(load, contestant, new(Mix.Growing, Connections, WarmUp), cancellationToken);
        await whole.UntilAsync(
            static status => status["preambles"] is JsonArray { Count: > 0 },
            "The system message did not become a preamble.",
            cancellationToken);

        foreach (var (mix, name) in new[] { (Mix.Growing, "own conversations"), (Mix.New, "new conversations") })
        {
            ResultTable.Say($"overhead, {name} …");
            var contest = await Contest.HoldAsync(load, contestants, new(mix, Connections, Turn, Rounds: 10), cancellationToken);
            var ratio = contest.Ratio(Default, Off);
            table.Add(
                $"overhead, {name}: throughput of the default settings against preambles and normaliser switched off",
                string.Create(CultureInfo.InvariantCulture, $"{ratio:0.000}"),
                string.Create(CultureInfo.InvariantCulture, $">= {LeastPart:0.00}"),
                ratio >= LeastPart);
            table.Add(
                $"overhead, {name}: processor time a request, us",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Default} {contest.ProcessorMicroseconds(Default):0}, {Off} {contest.ProcessorMicroseconds(Off):0}"));
            if (contest.Errors > 0)
                table.Add($"overhead, {name}: failed requests", $"{contest.Errors}", "0", isMet: false);
        }
    }
}
