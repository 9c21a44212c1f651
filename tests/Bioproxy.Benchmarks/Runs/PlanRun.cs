using System.Diagnostics;
using System.Globalization;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// Planning a prompt of 256 KB: 10,000 snapshots looked through, 16 slots that each hold a conversation compared, and the costs of all
/// ways.
/// </summary>
internal static class PlanRun
{
    private const int Slots = 16;
    private const int Rounds = 2000;

    public static Task RunAsync(ResultTable results, CancellationToken cancellationToken)
    {
        var text = LookUpRun.Text(1, LookUpRun.PromptBytes);
        var state = Directory.CreateTempSubdirectory("bioproxy-bench-");
        try
        {
            var store = LookUpRun.Store(state.FullName, text, cancellationToken);
            using var prompt = CanonicalPrompt.Copy(text);
            using var stranger = CanonicalPrompt.Copy(LookUpRun.Text(2, LookUpRun.PromptBytes));
            var table = Holding(text);
            if (Plan(store, table, prompt) is not { Source: PromptSource.Hot, Slot: Slots - 1 }
                || Plan(store, table, stranger).Source != PromptSource.Cold)
                throw new InvalidOperationException("The plan is wrong.");
            Measured("a slot holds most of it", prompt);
            Measured("nothing is known of it", stranger);

            void Measured(string what, CanonicalPrompt asked)
            {
                for (var i = 0; i < Rounds; i++)
                    Plan(store, table, asked);
                var time = Statistics.Median(Enumerable.Range(0, Rounds).Select(_ =>
                {
                    var started = Stopwatch.GetTimestamp();
                    Plan(store, table, asked);
                    return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
                }));
                results.Add($"plan, 256 KB, 10,000 snapshots, {Slots} slots: {what}",
                    string.Create(CultureInfo.InvariantCulture, $"{time:0.0} us"), "< 200 us", time < 200);
            }
        }
        finally
        {
            state.Delete(recursive: true);
        }

        return Task.CompletedTask;
    }

    /// <summary>What the placer does before it begins.</summary>
    private static SlotPlan Plan(SnapshotStore store, SlotTable table, CanonicalPrompt prompt)
    {
        var rates = Rates.Initial;
        var whole = store.Index.Best(prompt, LookUpRun.Fingerprint);
        var through = store.Index.Through(prompt, LookUpRun.Fingerprint);
        return table.Plan(prompt, new PlanContext
        {
            Whole = whole is null ? default : new(whole.Chain.Length, whole.Chain.Length * rates.TokensPerByte, whole.Bytes, IsWhole: true),
            WholeChain = whole?.Chain,
            Partial = through is { } found
                ? new(found.Shared, found.Shared * rates.TokensPerByte, found.Snapshot.Bytes, IsWhole: false)
                : default,
            Rates = rates,
            LeastSaved = 512,
        });
    }

    /// <summary>Sixteen slots with longer and longer beginnings of the text, every second one with an end of its own.</summary>
    private static SlotTable Holding(byte[] text)
    {
        var table = new SlotTable(Slots);
        table.Learn(table.BeginPoll(), [.. Enumerable.Range(0, Slots).Select(id => new SlotObservation(id, false, null, null))],
            isSameConnection: true);
        for (var slot = 0; slot < Slots; slot++)
        {
            var length = (slot + 1) * (LookUpRun.PromptBytes / Slots) - 500;
            byte[] held = slot % 2 == 0 ? [.. text[..length], .. "another end"u8] : text[..length];
            var work = table.TryBegin(new SlotPlan(PromptSource.Cold, slot, 0), null)!;
            table.Started(work);
            table.End(work, new SlotContent(PromptChain.Of(held), 1, IsSaved: false) { Tokens = length / 4, PromptTokens = length / 4 },
                length / 4);
        }

        return table;
    }
}
