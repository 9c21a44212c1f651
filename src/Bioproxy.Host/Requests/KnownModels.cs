using System.Globalization;
using Bioproxy.Host.Models;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.Host.Routing;

namespace Bioproxy.Host.Requests;

/// <summary>The served models as Ollama's clients see them.</summary>
internal sealed class KnownModels(ModelRouter router, TimeProvider time)
{
    private readonly DateTimeOffset _since = time.GetUtcNow();

    /// <summary>The models that are known now: a backend that has not answered yet has none.</summary>
    public IReadOnlyList<KnownModel> All =>
    [
        .. (router.HasNames
            ? router.Names.Select(name => router.First(name) is { } served ? Of(served, name) : null)
            : router.All.Select(served => Of(served, name: null))).OfType<KnownModel>(),
    ];

    /// <summary>The model of this name. A single model has every name, as requests reach it under every name.</summary>
    public KnownModel? Find(string? name)
    {
        var all = All;
        return !router.HasNames && all.Count == 1
            ? all[0]
            : all.FirstOrDefault(model => model.Name == name || model.Name + ":latest" == name);
    }

    /// <param name="served">The model.</param>
    /// <param name="name">What clients call it; null for what its server does.</param>
    private KnownModel? Of(ServedModel served, string? name)
    {
        var instance = served.Current;
        if (instance.State.Facts is not { } facts)
            return null;
        var meta = facts.MetaMembers.ToDictionary(StringComparer.Ordinal);
        return new KnownModel(name ?? facts.Name ?? "default")
        {
            Since = _since,
            Fingerprint = facts.Fingerprint, // the probe's would come later, and a digest must not change
            Size = Number(meta, "size") ?? 0,
            Parameters = Number(meta, "n_params") ?? 0,
            Quantization = facts.ModelType,
            TrainedContext = (int?)Number(meta, "n_ctx_train"),
            Context = facts.ContextPerSlot,
            EmbeddingLength = (int?)Number(meta, "n_embd"),
            Template = facts.ChatTemplate,
            SeesImages = facts.SeesImages,
            CallsTools = facts.CallsTools,
        };
    }

    private static long? Number(Dictionary<string, string> meta, string name) =>
        meta.TryGetValue(name, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
}
