using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>The best snapshot for a prompt of 256 KB among 10,000, several of which are prefixes of it.</summary>
internal static class LookUpRun
{
    private const int Snapshots = 10_000;
    public const int PromptBytes = 256 * 1024;
    private const int Rounds = 2000;
    public const string Identity = "bench";

    public static Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var text = Text(1, PromptBytes);
        var state = Directory.CreateTempSubdirectory("bioproxy-bench-");
        try
        {
            var catalogue = Catalogue(state.FullName, text, cancellationToken);
            using var prompt = CanonicalPrompt.Copy(text);
            using var stranger = CanonicalPrompt.Copy(Text(2, PromptBytes));
            if (catalogue.All.Count != Snapshots || catalogue.Best(prompt, Identity)?.Chain.Length != 200_100
                || catalogue.Best(stranger, Identity) is not null)
                throw new InvalidOperationException("The catalogue answers wrongly.");
            Measured("a beginning of 200 KB is there", prompt);
            Measured("none is there", stranger);
            table.Add("look-up: chain of a 256 KB prompt (made once for each request)", Time(
                Microseconds(() => CanonicalPrompt.Copy(text).Dispose())));

            void Measured(string what, CanonicalPrompt asked)
            {
                var time = Microseconds(() => catalogue.Best(asked, Identity));
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

    /// <summary>Sidecars on disk, loaded as at start-up. Most are of other texts that share a prefix with ours.</summary>
    public static SnapshotCatalogue Catalogue(string state, byte[] text, CancellationToken cancellationToken)
    {
        var folder = new StateFolder(new ProxyOptions { BaseDirectory = state, StateDirectory = state });
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
                $"s{i}.bin", "@code", Identity, length / 4, "hash", length, DateTimeOffset.UnixEpoch, PromptChain.Of(own));
            File.WriteAllBytes(Path.Combine(folder.Snapshots, $"s{i}.bin.json"), JsonSerializer.SerializeToUtf8Bytes(
                SnapshotSidecar.Of(snapshot), StateJson.Default.SnapshotSidecar));
        }

        var catalogue = new SnapshotCatalogue(folder, NullLogger<SnapshotCatalogue>.Instance);
        catalogue.Load();
        return catalogue;
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
