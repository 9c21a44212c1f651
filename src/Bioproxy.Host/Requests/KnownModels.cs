using System.Globalization;
using System.Text.Json;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.Host.Routing;

namespace Bioproxy.Host.Requests;

/// <summary>The served models as Ollama's clients see them.</summary>
internal sealed class KnownModels(ModelRouter router, TimeProvider time)
{
    private readonly DateTimeOffset _since = time.GetUtcNow();

    /// <summary>The models for one of Ollama's lists. Those of Ollama servers are described as these do it.</summary>
    /// <param name="path">The list: <c>api/tags</c> for all models, <c>api/ps</c> for those in memory.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<KnownModel>> ListAsync(string path, CancellationToken cancellationToken)
    {
        var lists = new Dictionary<IModelServer, IReadOnlyDictionary<string, JsonElement>>();
        foreach (var server in router.All.Where(static model => model.SpeaksOllama).Select(ServerOf).OfType<IModelServer>().Distinct())
            lists[server] = await server.ReadOllamaListAsync(path, cancellationToken).ConfigureAwait(false);
        return [.. All.Select(known => ServerOf(known.Served) is { } server && lists.TryGetValue(server, out var list)
            ? Described(known.Model, list, known.Served.Backend.Model)
            : known.Model)];
    }

    /// <summary>The model of this name. A single model has every name, as requests reach it under every name.</summary>
    public KnownModel? Find(string? name)
    {
        var all = All.Select(static known => known.Model).ToList();
        return !router.HasNames && all.Count == 1
            ? all[0]
            : all.FirstOrDefault(model => model.Name == name || model.Name + ":latest" == name);
    }

    /// <summary>Where names matter, all of them: also those of models of which nothing is known before they are loaded. A single backend
    /// that has not answered yet has no model.</summary>
    private IEnumerable<(KnownModel Model, ServedModel Served)> All
    {
        get
        {
            var places = router.HasNames
                ? router.Names.Select(name => (Name: (string?)name, Served: router.First(name)))
                : router.All.Select(static served => (Name: (string?)null, Served: (ServedModel?)served));
            foreach (var (name, served) in places)
            {
                if (served is not null && Of(served, name) is { } model)
                    yield return (model, served);
            }
        }
    }

    private static IModelServer? ServerOf(ServedModel served) => served.Backend.Host?.Server;

    private static KnownModel Described(KnownModel model, IReadOnlyDictionary<string, JsonElement> list, string? name)
    {
        var isListed = list.TryGetValue(name ?? model.Name, out var entry);
        return model with { IsLoaded = isListed, Entry = isListed ? entry : null };
    }

    /// <param name="served">The model.</param>
    /// <param name="name">What clients call it; null for what its server does.</param>
    private KnownModel? Of(ServedModel served, string? name)
    {
        var facts = served.Backend.Monitor.LastFacts;
        if (name is null && facts is null)
            return null;
        var meta = (facts?.MetaMembers ?? []).ToDictionary(StringComparer.Ordinal);
        return new KnownModel(name ?? facts?.Name ?? "default")
        {
            Since = _since,
            Fingerprint = facts?.Fingerprint, // the probe's would come later, and a digest must not change
            Size = Number(meta, "size") ?? 0,
            Parameters = Number(meta, "n_params") ?? 0,
            Quantization = facts?.ModelType,
            TrainedContext = (int?)Number(meta, "n_ctx_train"),
            Context = facts?.ContextPerSlot,
            EmbeddingLength = (int?)Number(meta, "n_embd"),
            Template = facts?.ChatTemplate,
            SeesImages = facts?.SeesImages ?? false,
            CallsTools = facts?.CallsTools ?? false,
            IsLoaded = served.Current.State.Facts is not null,
        };
    }

    private static long? Number(Dictionary<string, string> meta, string name) =>
        meta.TryGetValue(name, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
}
