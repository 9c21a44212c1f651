using System.Text;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.PluginTests;

/// <summary>What a host gives a plugin, for tests of one part alone. Whole requests are tested against the real host.</summary>
internal sealed class FakeServices : IPluginServices, IPluginMetrics, IPluginBackend, ITemplateLibrary, IDisposable
{
    private string? _folder;

    public string PluginName { get; init; } = "Bioproxy.Test";

    public ILogger Logger { get; init; } = NullLogger.Instance;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ITemplateLibrary Templates => this;

    /// <summary>The settings as JSON.</summary>
    public string Json { get; init; } = "{}";

    public ReadOnlyMemory<byte> Settings => Encoding.UTF8.GetBytes(Json);

    public string DataFolder => _folder ??= Directory.CreateTempSubdirectory("bioproxy-plugin-").FullName;

    public HttpClient Http { get; } = new();

    public IPluginMetrics Metrics => this;

    public IPluginBackend Backend => this;

    /// <summary>What the backend answers; without it there is none.</summary>
    public Func<BackendQuestion, BackendAnswer>? Answer { get; init; }

    /// <summary>The counters by name.</summary>
    public Dictionary<string, long> Counted { get; } = [];

    IReadOnlyList<string> ITemplateLibrary.Prefixes => [];

    string ITemplateLibrary.Render(string prefix, TemplateVariables variables) => throw new TemplateException("There are no templates.");

    public IPluginCounter Counter(string name, string description) => new FakeCounter(this, name);

    public IPluginHistogram Histogram(string name, string description) => new FakeHistogram();

    public Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken) =>
        Task.FromResult(Answer?.Invoke(question) ?? throw new BackendUnavailableException("There is no backend."));

    public void Dispose()
    {
        Http.Dispose();
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    private sealed class FakeCounter(FakeServices services, string name) : IPluginCounter
    {
        public void Add(long value = 1)
        {
            lock (services.Counted)
                services.Counted[name] = services.Counted.GetValueOrDefault(name) + value;
        }
    }

    private sealed class FakeHistogram : IPluginHistogram
    {
        public void Record(double value)
        {
            // nobody asks
        }
    }
}
