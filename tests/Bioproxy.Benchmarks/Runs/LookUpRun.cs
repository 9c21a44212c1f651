using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>The best snapshot for a prompt of 256 KB among 10,000, of which several are beginnings of it.</summary>
internal static class LookUpRun
{
    private const int Snapshots = 10_000;
    public const int PromptBytes = 256 * 1024;
    private const int Rounds = 2000;
    public const string Fingerprint = "bench";

    public static Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var text = Text(1, PromptBytes);
        var state = Directory.CreateTempSubdirectory("bioproxy-bench-");
        try
        {
            var store = Store(state.FullName, text, cancellationToken);
            using var prompt = CanonicalPrompt.Copy(text);
            using var stranger = CanonicalPrompt.Copy(Text(2, PromptBytes));
            if (store.All.Count != Snapshots || store.Index.Best(prompt, Fingerprint)?.Chain.Length != 200_100
                || store.Index.Best(stranger, Fingerprint) is not null)
                throw new InvalidOperationException("The store answers wrongly.");
            Measured("a beginning of 200 KB is there", prompt);
            Measured("none is there", stranger);
            table.Add("look-up: chain of a 256 KB prompt (made once for each request)", Time(
                Microseconds(() => CanonicalPrompt.Copy(text).Dispose())));

            void Measured(string what, CanonicalPrompt asked)
            {
                var time = Microseconds(() => store.Index.Best(asked, Fingerprint));
                table.Add($"look-up, 256 KB among {Snapshots:N0}: {what}", Time(time), "< 100 us", time < 100);
            }
        }
        finally
        {
            state.Delete(recursive: true);
        }

        return Task.CompletedTask;

        static string Time(double time) => string.Create(CultureInfo.InvariantCulture, $"{time:0.0} us");
    }

    private static double Microseconds(Action action)
    {
        for (var i = 0; i < Rounds; i++)
            action();
        return Statistics.Median(Enumerable.Range(0, Rounds).Select(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            action();
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }));
    }

    /// <summary>Sidecars as they lie on disk, read as at the start. Most are of other texts that share a beginning with ours.</summary>
    public static SnapshotStore Store(string state, byte[] text, CancellationToken cancellationToken)
    {
        var options = new ProxyOptions { BaseDirectory = state, StateDirectory = state };
        var folder = new StateFolder(options);
        folder.Create();
        var random = new Random(1);
        var length = 0;
        for (var i = 0; i < Snapshots; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            length = i < 20 ? 200_100 - (i * 10_000) : random.Next(100, 40_000);
            var own = i < 20
                ? text[..length]
                : [.. text[..Math.Min(length, random.Next(8000))], .. Encoding.ASCII.GetBytes($"snapshot {i} "), .. text[..length]];
            var snapshot = new Snapshot(
                $"s{i}.bin", "@code", Fingerprint, length / 4, "hash", length, DateTimeOffset.UnixEpoch, PromptChain.Of(own));
            File.WriteAllBytes(Path.Combine(folder.Snapshots, $"s{i}.bin.json"), JsonSerializer.SerializeToUtf8Bytes(
                SnapshotSidecar.Of(snapshot), StateJson.Default.SnapshotSidecar));
        }

        var store = new SnapshotStore(folder, options, TimeProvider.System, NullLogger<SnapshotStore>.Instance);
        store.Load();
        return store;
    }

    public static byte[] Text(int seed, int length)
    {
        var random = new Random(seed);
        var text = new byte[length];
        for (var i = 0; i < length; i++)
            text[i] = (byte)random.Next(32, 127);
        return text;
    }
}
