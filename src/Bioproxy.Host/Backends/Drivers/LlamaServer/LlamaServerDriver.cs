using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Backends.Drivers.LlamaServer;

/// <summary>A llama-server with a model, or one model of a server that starts llama-servers. A router is recognised, and its slots are left
/// alone.</summary>
internal sealed class LlamaServerDriver : IBackendDriver
{
    /// <summary>Bytes; the page has some 3,000.</summary>
    private const int LongestMetrics = 256 * 1024;

    private readonly ControlCalls _calls;
    private readonly LlamaServerApi _api;

    private readonly string? _listedAs;

    /// <param name="url">The server's address.</param>
    /// <param name="connectTimeout">The longest wait for a connection.</param>
    /// <param name="apiKey">The key; null for none.</param>
    /// <param name="model">Names the model that is meant; null where the server has one.</param>
    /// <param name="listedAs">Its name in the list of models; null where it is the only one there.</param>
    public LlamaServerDriver(Uri url, TimeSpan connectTimeout, string? apiKey, IModelAddress? model = null, string? listedAs = null)
    {
        _listedAs = listedAs;
        _calls = new ControlCalls(url, connectTimeout, apiKey, model);
        _api = new LlamaServerApi(_calls);
    }

    public ISlotApi? Slots => _api;

    public async Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        var props = await _calls.GetAsync("props", cancellationToken).ConfigureAwait(false);
        using var document = props.Value;
        if (props.IsSilent)
            return Discovery.Silence;
        if (props.IsUnreachable)
            return Discovery.Found(BackendStatus.Unreachable, null, props.Problem);
        if (props.Status == 503)
            return Discovery.Found(BackendStatus.Loading, null, props.Problem);
        if (props.Status >= 500)
            return Discovery.Failed($"it answers /props with status {props.Status}: {props.Problem}");
        if (props.Status is 401 or 403)
            return Discovery.Found(
                BackendStatus.Ready,
                new BackendFacts(),
                "the backend refused /props: set backend_api_key (or BIOPROXY_BACKEND_API_KEY) to its key");
        if (document is not { RootElement.ValueKind: JsonValueKind.Object })
            return Discovery.OtherKind;
        if (IsAsleep(document.RootElement))
            return Discovery.Found(BackendStatus.Sleeping, null, "it sleeps until a request comes");
        var facts = Basic(document.RootElement);
        if (!facts.IsLlamaServer)
            return Discovery.OtherKind;
        if (known is { Status: BackendStatus.Ready, Facts: { } before } && facts == WithoutDetails(before))
            return Discovery.Found(BackendStatus.Ready, before, known.Problem);
        if (facts.IsRouter)
            return Discovery.Found(BackendStatus.Ready, facts, null);
        return await CompleteAsync(facts, cancellationToken).ConfigureAwait(false) is { } complete
            ? Discovery.Found(BackendStatus.Ready, complete, null)
            : Discovery.Silence; // it answered one question and not the next: asked again at the next check
    }

    public async Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        if (facts.Adapters is { } adapters && adapters != "[]")
        {
            var now = await _calls.GetAsync("lora-adapters", cancellationToken).ConfigureAwait(false);
            using var list = now.Value;
            if (now.IsSilent || now.Status >= 500)
                return ProcessCheck.NoAnswer;
            if (list?.RootElement.GetRawText() != adapters)
                return ProcessCheck.Other;
        }

        if (facts.ProcessMarker is not { } marker)
            return ProcessCheck.Unknown;
        var props = await _calls.GetAsync("props", cancellationToken).ConfigureAwait(false);
        using var document = props.Value;
        if (props.IsSilent || props.Status >= 500)
            return ProcessCheck.NoAnswer;
        return document is { RootElement.ValueKind: JsonValueKind.Object } && Text(document.RootElement, "media_marker") == marker
            && !IsAsleep(document.RootElement)
            ? ProcessCheck.Same
            : ProcessCheck.Other;
    }

    /// <summary>Tokenising needs the model and no slot.</summary>
    public async Task WakeAsync(CancellationToken cancellationToken)
    {
        var answer = await _calls.CallAsync(
            HttpMethod.Post, "tokenize", "{\"content\":\"\"}"u8.ToArray(), ControlCalls.SlowLimit, cancellationToken)
            .ConfigureAwait(false);
        answer.Value?.Dispose();
    }

    public Task<BackendAnswer<string>> ReadMetricsAsync(CancellationToken cancellationToken) =>
        _calls.GetTextAsync("metrics", LongestMetrics, cancellationToken);

    public void Dispose() => _calls.Dispose();

    /// <summary>The hash under which long texts are compared in facts.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    /// <summary>The facts of <c>/props</c>, which is answered without touching the model.</summary>
    private static BackendFacts Basic(JsonElement props) => new()
    {
        IsLlamaServer = props.TryGetProperty("total_slots", out _) || props.TryGetProperty("build_info", out _),
        IsRouter = Text(props, "role") == "router",
        ModelPath = Text(props, "model_path"),
        ModelAlias = Text(props, "model_alias"),
        ModelType = Text(props, "model_ftype"),
        Build = Text(props, "build_info"),
        ProcessMarker = Text(props, "media_marker"),
        ChatTemplateHash = Text(props, "chat_template") is { } template ? Hash(template) : null,
        ChatTemplate = Text(props, "chat_template"),
        SeesImages = Flag(props, "modalities", "vision"),
        CallsTools = Flag(props, "chat_template_caps", "supports_tools"),
        TotalSlots = props.Number("total_slots") is { } count and > 0 ? count : null,
        ContextPerSlot = props.TryGetProperty("default_generation_settings", out var settings) && settings.ValueKind == JsonValueKind.Object
            ? settings.Number("n_ctx")
            : null,
    };

    private static BackendFacts WithoutDetails(BackendFacts facts) =>
        facts with { ModelMeta = null, Adapters = null, CanReadSlots = false, CanSaveSlots = false };

    /// <summary>The facts that take more calls; null when one of them got no answer, or an error that may pass.</summary>
    private async Task<BackendFacts?> CompleteAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        var models = await _calls.GetAsync("v1/models", cancellationToken).ConfigureAwait(false);
        using var list = models.Value;
        var adapters = await _calls.GetAsync("lora-adapters", cancellationToken).ConfigureAwait(false);
        using var loaded = adapters.Value;
        var slots = await _api.GetSlotsAsync(cancellationToken).ConfigureAwait(false);
        bool? canSave = slots.IsSuccess ? await _api.CanSaveSlotsAsync(cancellationToken).ConfigureAwait(false) : false;
        if (MayPass(models) || MayPass(adapters) || MayPass(slots) || canSave is null)
            return null;
        return facts with
        {
            ModelMeta = list is null ? null : Meta(list.RootElement, _listedAs),
            Adapters = loaded?.RootElement.GetRawText(),
            CanReadSlots = slots.IsSuccess,
            CanSaveSlots = canSave.Value,
        };

        // 501 is an answer: a server without that endpoint.
        static bool MayPass<T>(BackendAnswer<T> answer)
            where T : class => answer.Fault is not null || answer.Status is 500 or 502 or 503 or 504;
    }

    private static string? Meta(JsonElement models, string? listedAs)
    {
        if (models.ValueKind != JsonValueKind.Object || !models.TryGetProperty("data", out var data)
            || data.ValueKind != JsonValueKind.Array)
            return null;
        var model = data.EnumerateArray().FirstOrDefault(
            one => one.ValueKind == JsonValueKind.Object && (listedAs is null || Text(one, "id") == listedAs));
        return model.ValueKind == JsonValueKind.Object && model.TryGetProperty("meta", out var found)
            && found.ValueKind == JsonValueKind.Object
                ? string.Join(',', found.EnumerateObject().Where(m => m.Name != "n_ctx").Select(m => $"{m.Name}={m.Value.GetRawText()}"))
                : null;
    }

    private static bool IsAsleep(JsonElement props) =>
        props.TryGetProperty("is_sleeping", out var sleeping) && sleeping.ValueKind == JsonValueKind.True;

    private static bool Flag(JsonElement props, string name, string inner) =>
        props.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty(inner, out var flag) && flag.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
