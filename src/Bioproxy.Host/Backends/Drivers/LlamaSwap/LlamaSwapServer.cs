using System.Text.Json;
using Bioproxy.Host.Backends.Drivers.LlamaServer;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Backends.Drivers.LlamaSwap;

/// <summary>llama-swap (observed: version 250). Any call that names a model loads it, and only <c>/v1/models</c> and <c>/running</c> tell
/// of models without that. It saves nothing when it swaps, and does not say which models can be loaded together.</summary>
internal sealed class LlamaSwapServer(BackendOptions backend, TimeSpan connectTimeout) : IModelServer
{
    private readonly ControlCalls _calls = new(backend.Url, connectTimeout, backend.ApiKey);

    public string Kind => "llama-swap";

    public bool LoadsOnAnyCall => true;

    public bool CanUnload => false;

    public async Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken)
    {
        var models = await _calls.GetAsync("v1/models", cancellationToken).ConfigureAwait(false);
        if (models.Value is null)
            return models.As<ModelList>();
        var running = ControlCalls.Extract(
            await _calls.GetAsync("running", cancellationToken).ConfigureAwait(false), "the list of running models", ReadRunning);
        if (running.Value is not { } states)
        {
            models.Value.Dispose();
            return running.As<ModelList>();
        }

        return ControlCalls.Extract(models, "the list of models", root => new ModelList(
            [.. root.GetProperty("data").EnumerateArray().Select(model => Read(model, states)).OfType<ListedModel>()], null));
    }

    public async Task LoadAsync(string model, CancellationToken cancellationToken)
    {
        var path = new UpstreamAddress(model).Path("tokenize");
        var answer = await _calls.CallAsync(
            HttpMethod.Post, path, "{\"content\":\"\"}"u8.ToArray(), ControlCalls.SlowLimit, cancellationToken).ConfigureAwait(false);
        answer.Value?.Dispose();
    }

    /// <summary>It stops what excludes the next model by itself, and leaves the rest.</summary>
    public Task UnloadAsync(string model, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> FollowAsync(Func<string, CancellationToken, Task> changed, CancellationToken cancellationToken) =>
        Task.FromResult(false);

    public IBackendDriver DriverOf(string model) =>
        new LlamaServerDriver(backend.Url, connectTimeout, backend.ApiKey, new UpstreamAddress(model), null);

    public void Dispose() => _calls.Dispose();

    private static Dictionary<string, ListedStatus> ReadRunning(JsonElement root)
    {
        var states = new Dictionary<string, ListedStatus>(StringComparer.Ordinal);
        foreach (var one in root.GetProperty("running").EnumerateArray())
        {
            states[one.GetProperty("model").GetString()!] = one.GetProperty("state").GetString() switch
            {
                "ready" => ListedStatus.Ready,
                "starting" => ListedStatus.Loading,
                "stopping" => ListedStatus.Stopping,
                _ => ListedStatus.Unloaded,
            };
        }

        return states;
    }

    private static ListedModel? Read(JsonElement model, Dictionary<string, ListedStatus> running) =>
        model.GetProperty("id").GetString() is not { Length: > 0 } name
            ? null
            : new ListedModel(name, running.GetValueOrDefault(name)) { Aliases = Aliases(model) };

    private static IReadOnlyList<string> Aliases(JsonElement model) =>
        model.TryGetProperty("meta", out var meta) && meta.ValueKind == JsonValueKind.Object
        && meta.TryGetProperty("llamaswap", out var own) && own.ValueKind == JsonValueKind.Object
        && own.TryGetProperty("aliases", out var aliases) && aliases.ValueKind == JsonValueKind.Array
            ? [.. aliases.EnumerateArray().Select(static alias => alias.GetString()).OfType<string>()]
            : [];
}
