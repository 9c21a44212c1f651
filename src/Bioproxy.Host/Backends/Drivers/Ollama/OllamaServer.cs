using System.Text.Json;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Backends.Drivers.Ollama;

/// <summary>Ollama: recognised by its version, its models listed by its own API.</summary>
internal sealed class OllamaServer(BackendOptions backend, TimeSpan connectTimeout, TimeProvider time)
    : SelfManagedServer(backend, connectTimeout, time), IModelServer
{
    /// <summary>The tag of a model that is named without one.</summary>
    private const string Latest = ":latest";

    private bool _isRecognised;

    public override string Kind => "Ollama";

    public override bool SpeaksOllama => true;

    protected override async Task<BackendAnswer<IReadOnlyList<(ListedModel Listed, BackendFacts Facts)>>> AskAsync(
        CancellationToken cancellationToken)
    {
        if (!_isRecognised)
        {
            var version = ControlCalls.Extract(
                await Calls.GetAsync("api/version", cancellationToken).ConfigureAwait(false),
                "the version of Ollama",
                static root => root.GetProperty("version").GetString());
            if (!version.IsSuccess)
                return version.As<IReadOnlyList<(ListedModel, BackendFacts)>>();
        }

        var answer = ControlCalls.Extract<IReadOnlyList<(ListedModel, BackendFacts)>>(
            await Calls.GetAsync("api/tags", cancellationToken).ConfigureAwait(false),
            "the list of models",
            static root => [.. root.GetProperty("models").EnumerateArray().Select(Read)]);
        _isRecognised = answer.IsSuccess;
        return answer;
    }

    public async Task<IReadOnlyDictionary<string, JsonElement>> ReadOllamaListAsync(
        string path, CancellationToken cancellationToken)
    {
        var list = ControlCalls.Extract(
            await Calls.GetAsync(path, cancellationToken).ConfigureAwait(false),
            "the list of models",
            static root => root.GetProperty("models").EnumerateArray().ToDictionary(
                static model => model.GetProperty("name").GetString() ?? throw new FormatException(),
                static model => model.Clone(),
                StringComparer.Ordinal));
        return list.Value ?? [];
    }

    private static (ListedModel Listed, BackendFacts Facts) Read(JsonElement model)
    {
        var name = model.GetProperty("name").GetString() ?? throw new FormatException();
        IReadOnlyList<string> aliases = name.EndsWith(Latest, StringComparison.Ordinal) ? [name[..^Latest.Length]] : [];
        return (new ListedModel(name, ListedStatus.Ready) { Aliases = aliases }, new BackendFacts
        {
            IsOllama = true,
            ModelAlias = name,
            ModelType = model.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object
                && details.TryGetProperty("quantization_level", out var level) ? level.GetString() : null,
            ModelMeta = model.TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) ? $"size={bytes}" : null,
        });
    }
}
