using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Benchmarks.Load;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;

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

    private const int WarmUpTurns = 12;

    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);
    private static readonly Dictionary<Mix, string> Mixes = new()
    {
        [Mix.Growing] = "own conversations",
        [Mix.New] = "new conversations",
    };

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var (stubOfDefault, stubOfOff) = (FreePort.Next(), FreePort.Next());
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
        foreach (var mix in Mixes.Keys)
            await WarmUpAsync(mix);
        await whole.UntilAsync(
            static status => status["preambles"] is JsonArray { Count: > 0 },
            "The system message did not become a preamble.",
            cancellationToken);

        foreach (var (mix, name) in Mixes)
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
            table.Add(
                $"overhead, {name}: requests that found their state hot / restored, %",
                $"{Default} {Found(Default)}, {Off} {Found(Off)}");
            if (contest.Errors > 0)
                table.Add($"overhead, {name}: failed requests", $"{contest.Errors}", "0", isMet: false);

            string Found(string contestant) => string.Create(
                CultureInfo.InvariantCulture,
                $"{contest.Share(contestant, static load => load.Hot):0} / {contest.Share(contestant, static load => load.Restored):0}");
        }

        // Each mix in turns: code that only one of them runs is compiled in stages while it is used, and half as fast until then.
        async Task WarmUpAsync(Mix mix)
        {
            for (var turn = 0; turn < WarmUpTurns; turn++)
            {
                foreach (var contestant in contestants)
                    await Contest.AskAsync(load, contestant, new(mix, Connections, Turn), cancellationToken);
            }
        }
    }
}
