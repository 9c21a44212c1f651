using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// What happens to a chat body of 1 MB between reading and sending: it is scanned, its last message is replaced by an expansion of 16 KB,
/// and the pieces are laid out. (No hashing: that is <see cref="LookUpRun"/>.)
/// </summary>
internal static class SpliceRun
{
    private const int Bytes = 1 << 20;
    private const int Rounds = 300;

    /// <summary>Larger objects go to the large object heap.</summary>
    private const int LargeObject = 85_000;

    public static Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var body = Body();
        var expansion = string.Concat(Enumerable.Repeat("Answer with care. \"Quote\" what you change.\n", 400));
        for (var i = 0; i < 30; i++)
            Once(body, expansion);
        var largeBefore = LargeObjects();
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var times = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            Once(body, expansion);
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        var allocated = (GC.GetAllocatedBytesForCurrentThread() - allocatedBefore) / Rounds;
        var large = LargeObjects() - largeBefore;
        var median = Statistics.Median(times);
        table.Add("splice, chat of 1 MB: scan and splice",
            string.Create(CultureInfo.InvariantCulture, $"{median:0.00} ms (worst {times.Max():0.00} ms)"), "< 10 ms", median < 10);
        table.Add(
            "splice, chat of 1 MB: garbage",
            string.Create(CultureInfo.InvariantCulture,
                $"{allocated / 1024:0} KB, on the large object heap {large / (double)Rounds / 1024:0.0} KB"),
            "none large",
            large < LargeObject);
        return Task.CompletedTask;
    }

    private static void Once(ReadOnlyMemory<byte> body, string expansion)
    {
        var prompt = new EditablePrompt(PromptBody.Read(body, PromptEndpoint.Chat)!, "bench", isWarmUp: false);
        foreach (var message in prompt.Context.Messages)
        {
            if (message.Role == "user" && message.Parts[0].StartsWith("@code"))
                message.Parts[0].Text = expansion;
        }

        var pieces = new SplicedBody(body, prompt.Splices());
        if (pieces.Pieces.Count != 3)
            throw new InvalidOperationException("One string should have been replaced.");
    }

    /// <summary>A long conversation with code in it, so with escapes, and a question with a trigger at its end.</summary>
    private static byte[] Body()
    {
        var text = new StringBuilder("{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"}");
        for (var turn = 0; text.Length < Bytes - 200; turn++)
        {
            var code = string.Concat(Enumerable.Repeat("if (x < 3)\\n\\treturn \\\"ä€\\\";\\n", Math.Min(100, (Bytes - text.Length) / 32)));
            text.Append(CultureInfo.InvariantCulture,
                $",{{\"role\":\"{(turn % 2 == 0 ? "user" : "assistant")}\",\"content\":\"Turn {turn}: {code}\"}}");
        }

        text.Append(",{\"role\":\"user\",\"content\":\"@code And now?\"}],\"temperature\":0.7}");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Bytes on the large object heap, including garbage that only a full collection would remove.</summary>
    private static long LargeObjects()
    {
        GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        return GC.GetGCMemoryInfo(GCKind.Any).GenerationInfo[3].SizeAfterBytes;
    }
}
