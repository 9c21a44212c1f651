using System.Collections.Concurrent;
using System.Text.Json;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Backends.Drivers.Ollama;

/// <summary>Ollama. It loads and unloads its models by itself, so that all of them count as loaded; it has no slots to manage.</summary>
internal sealed class OllamaServer(BackendOptions backend, TimeSpan connectTimeout, TimeProvider time) : IModelServer
{
    /// <summary>The tag of a model that is named without one.</summary>
    private const string Latest = ":latest";

    /// <summary>Each model asks for the list of all at every health check; nothing depends on an answer being newer than this.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ControlCalls _calls = new(backend.Url, connectTimeout, backend.ApiKey);
    private readonly ConcurrentDictionary<string, BackendFacts> _facts = new(StringComparer.Ordinal);
    private (BackendAnswer<ModelList> Answer, long At)? _last;
    private bool _isRecognised;

    public string Kind => "Ollama";

    public bool LoadsOnAnyCall => false;

    public bool SpeaksOllama => true;

    public async Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_last is var (known, at) && time.GetElapsedTime(at) < Fresh)
            return known;
        if (!_isRecognised)
        {
            var version = ControlCalls.Extract(
                await _calls.GetAsync("api/version", cancellationToken).ConfigureAwait(false),
                "the version of Ollama",
                static root => root.GetProperty("version").GetString());
            if (!version.IsSuccess)
                return version.As<ModelList>();
        }

        var asked = time.GetTimestamp();
        var answer = ControlCalls.Extract(
            await _calls.GetAsync("api/tags", cancellationToken).ConfigureAwait(false), "the list of models", Read);
        _isRecognised = answer.IsSuccess;
        _last = answer.IsSuccess ? (answer, asked) : null;
        return answer;
    }

    public Task LoadAsync(string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task UnloadAsync(string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public IBackendDriver DriverOf(string model) => new OllamaModelDriver(() => FactsOf(model));

    public void Dispose() => _calls.Dispose();

    private BackendFacts FactsOf(string model) =>
        _facts.GetValueOrDefault(model) ?? new BackendFacts { IsOllama = true, ModelAlias = model };

    private ModelList Read(JsonElement root) => new(
        [.. root.GetProperty("models").EnumerateArray().Select(ReadModel).OfType<ListedModel>()],
        MostLoaded: int.MaxValue - 1); // Ollama decides

    private ListedModel? ReadModel(JsonElement model)
    {
        if (model.GetProperty("name").GetString() is not { Length: > 0 } name)
            return null;
        _facts[name] = new BackendFacts
        {
            IsOllama = true,
            ModelAlias = name,
            ModelType = model.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object
                && details.TryGetProperty("quantization_level", out var level) ? level.GetString() : null,
            ModelMeta = model.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) ? $"size={bytes}" : null,
        };
        return new ListedModel(name, ListedStatus.Ready)
        {
            Aliases = name.EndsWith(Latest, StringComparison.Ordinal) ? [name[..^Latest.Length]] : [],
        };
    }
}
