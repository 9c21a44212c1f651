using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>What plugins cost the host: a piece of a stream that a response transform looks at and changes, and the loading of many plugins.</summary>
internal static class PluginsRun
{
    private const int Chunks = 2_000;
    private const int Rounds = 200;
    private const int Plugins = 20;
    private const int Loads = 7;

    public static Task RunAsync(ResultTable results, CancellationToken cancellationToken)
    {
        using var metrics = new ProxyMetrics(TimeProvider.System);
        var chunk = Encoding.UTF8.GetBytes(
            "data: {\"choices\":[{\"finish_reason\":null,\"index\":0,\"delta\":{\"content\":\" token\"}}],\"created\":1790000000,\"id\":\"chatcmpl-0123456789abcdef0123456789abcdef\",\"model\":\"model.gguf\",\"system_fingerprint\":\"b11669\",\"object\":\"chat.completion.chunk\"}\n\n");
        (string What, Func<string, string> Editor)[] editors = [("it changes nothing", text => text), ("it changes every piece", text => text + "!")];
        for (var i = 0; i < 4 * Rounds; i++)
            Edit(chunk, editors[i % 2].Editor, metrics); // until the code is compiled for good
        foreach (var (what, editor) in editors)
        {
            var time = Statistics.Median(Enumerable.Range(0, Rounds).Select(_ => Edit(chunk, editor, metrics)));
            results.Add($"response transform, a chunk of a stream: {what}", string.Create(CultureInfo.InvariantCulture, $"{time:0.00} us"), "< 5 us", time < 5);
        }

        var loading = Statistics.Median(Enumerable.Range(0, Loads).Select(_ => Load(metrics)));
        results.Add($"loading {Plugins} plugins", string.Create(CultureInfo.InvariantCulture, $"{loading * 1000:0} ms"), "< 1 s", loading < 1);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    /// <returns>Microseconds a chunk.</returns>
    private static double Edit(byte[] chunk, Func<string, string> edit, ProxyMetrics metrics)
    {
        var prompt = new PromptContext("bench", PromptEndpoint.Chat, "m", isWarmUp: false, [], default);
        var transform = new PluginResponseTransform("bench", "bench", 0, new Transform(edit));
        using var fence = new PluginFence(
            PluginBudget.OfTransforms(TimeSpan.FromSeconds(2)), metrics, TimeProvider.System, NullLogger<PluginFence>.Instance);
        using var editor = new StreamEditor(new ResponseEdits([transform], new ResponseContext(prompt, isStream: true), fence));
        var started = Stopwatch.GetTimestamp();
        long written = 0;
        for (var i = 0; i < Chunks; i++)
            written += editor.Pass(chunk).Length;
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (written < (long)Chunks * chunk.Length)
            throw new InvalidOperationException("The stream lost bytes.");
        return elapsed.TotalMicroseconds / Chunks;
    }

    /// <returns>Seconds to load as many copies of a small plugin.</returns>
    private static double Load(ProxyMetrics metrics)
    {
        var folder = Directory.CreateTempSubdirectory("bioproxy-bench-plugins-");
        try
        {
            var output = Path.Combine(RepositoryFolder.Root!, "tests", "Fixtures", "Bioproxy.Fixtures.Good", "bin", "Release", "net10.0");
            for (var i = 0; i < Plugins; i++)
            {
                var target = Directory.CreateDirectory(Path.Combine(folder.FullName, $"Plugin{i}")).FullName;
                foreach (var file in Directory.GetFiles(output, "Bioproxy.Fixtures.Good.*").Concat(Directory.GetFiles(output, "Bioproxy.Fixtures.Library.*")))
                    File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
            }

            var options = new ProxyOptions { BaseDirectory = folder.FullName, StateDirectory = folder.FullName, PluginDirectories = [folder.FullName] };
            var facilities = new PluginFacilities { Options = options, Loggers = NullLoggerFactory.Instance, Time = TimeProvider.System, Templates = new NoTemplates(), Metrics = metrics };
            var loader = new PluginLoader(options, name => new PluginHost(name, facilities), TimeProvider.System, NullLogger<PluginLoader>.Instance);
            var started = Stopwatch.GetTimestamp();
            using var set = loader.Load([folder.FullName]);
            var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
            return set.Loaded.Count == Plugins ? elapsed : throw new InvalidOperationException($"Only {set.Loaded.Count} plugins were loaded: {set.Statuses[0].Problem}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class Transform(Func<string, string> edit) : IResponseTransform
    {
        public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) => new Editor(edit);
    }

    private sealed class Editor(Func<string, string> edit) : IResponseEditor
    {
        public string Edit(string text) => edit(text);

        public string Finish() => "";
    }

    private sealed class NoTemplates : ITemplateLibrary
    {
        public IReadOnlyList<string> Prefixes => [];

        public string Render(string prefix, TemplateVariables variables) => throw new TemplateException("There are no templates.");
    }
}
