using System.Text.Json;
using Bioproxy.Host.Backends.Drivers.LlamaServer;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Backends.Drivers.Router;

/// <summary>A llama-server in router mode: started without a model, with <c>--models-dir</c> or <c>--models-preset</c>. It makes room for
/// a model by stopping another, even one that works. Shapes as measured on build 11669.</summary>
internal sealed class RouterServer(BackendOptions backend, TimeSpan connectTimeout) : IModelServer
{
    private readonly ControlCalls _calls = new(backend.Url, connectTimeout, backend.ApiKey);
    private int? _mostLoaded;

    public string Kind => "llama-server router";

    public bool LoadsOnAnyCall => false;

    public bool CanUnload => true;

    public async Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken)
    {
        if (await AskMostLoadedAsync(cancellationToken).ConfigureAwait(false) is { } failed)
            return failed;
        var answer = await _calls.GetAsync("v1/models", cancellationToken).ConfigureAwait(false);
        return ControlCalls.Extract(answer, "the list of models", root => new ModelList(
            [.. root.GetProperty("data").EnumerateArray().Select(Read).OfType<ListedModel>()], _mostLoaded));
    }

    /// <summary>Tokenising needs the model and no slot; the router loads it for that and answers when it is there.</summary>
    public async Task LoadAsync(string model, CancellationToken cancellationToken)
    {
        var body = new RouterAddress(model).Body("{\"content\":\"\"}"u8.ToArray());
        var answer = await _calls.CallAsync(HttpMethod.Post, "tokenize", body, ControlCalls.SlowLimit, cancellationToken)
            .ConfigureAwait(false);
        answer.Value?.Dispose();
    }

    public async Task UnloadAsync(string model, CancellationToken cancellationToken)
    {
        var body = new RouterAddress(model).Body("{}"u8.ToArray());
        var answer = await _calls.CallAsync(HttpMethod.Post, "models/unload", body, ControlCalls.QuickLimit, cancellationToken)
            .ConfigureAwait(false);
        answer.Value?.Dispose();
    }

    public async Task<bool> FollowAsync(Func<string, CancellationToken, Task> changed, CancellationToken cancellationToken)
    {
        var answer = await _calls.StreamAsync<RouterEvents>(
            "models/sse",
            null,
            async (stream, token) =>
            {
                var events = new RouterEvents();
                await foreach (var model in events.ReadAsync(stream, token).ConfigureAwait(false))
                    await changed(model, token).ConfigureAwait(false);
                return (events, null);
            },
            cancellationToken).ConfigureAwait(false);
        return answer.Status is not (404 or 405 or 501);
    }

    public IBackendDriver DriverOf(string model) =>
        new LlamaServerDriver(backend.Url, connectTimeout, backend.ApiKey, new RouterAddress(model), model);

    public void Dispose() => _calls.Dispose();

    /// <summary>How many models it loads does not change while it runs, but another router may stand there later.</summary>
    private async Task<BackendAnswer<ModelList>?> AskMostLoadedAsync(CancellationToken cancellationToken)
    {
        var answer = await _calls.GetAsync("props", cancellationToken).ConfigureAwait(false);
        using var props = answer.Value;
        if (props is null)
            return answer.As<ModelList>();
        if (props.RootElement.ValueKind == JsonValueKind.Object)
            _mostLoaded = props.RootElement.Number("max_instances") is { } most and > 0 ? most : int.MaxValue - 1;
        return null;
    }

    private static ListedModel? Read(JsonElement model)
    {
        if (model.GetProperty("id").GetString() is not { Length: > 0 } name)
            return null;
        var status = model.TryGetProperty("status", out var found) && found.TryGetProperty("value", out var value)
            ? value.GetString()
            : null;
        return new ListedModel(name, status switch
        {
            "loaded" => ListedStatus.Ready,
            "loading" => ListedStatus.Loading,
            "sleeping" => ListedStatus.Sleeping,
            _ => ListedStatus.Unloaded,
        })
        {
            Aliases = model.TryGetProperty("aliases", out var aliases) && aliases.ValueKind == JsonValueKind.Array
                ? [.. aliases.EnumerateArray().Select(static alias => alias.GetString()).OfType<string>()]
                : [],
        };
    }
}
