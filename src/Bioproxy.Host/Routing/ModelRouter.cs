using System.IO.Enumeration;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Routing;

/// <summary>
/// Chooses where a request goes: of the places that serve its model, those whose first token comes soonest go first. With one backend and
/// no <c>models</c> there is one place, whatever name the request has, as llama-server does.
/// </summary>
internal sealed class ModelRouter(ModelDirectory models, ProxyOptions options)
{
    private readonly bool _hasNames = options.HasNames; // asked for every request
    private readonly ConversationAffinity _affinity = new();

    /// <summary>Names matter: there are several backends, <c>models</c> is configured, or a server has several models.</summary>
    public bool HasNames => _hasNames || models.All.Count > 1 || models.Default.IsServer;

    /// <summary>The models that are served, in the order of the configuration.</summary>
    public IReadOnlyList<ServedModel> All => models.All;

    /// <summary>To be awaited before a name is looked up: a server that was not asked yet may have models of any name.</summary>
    public ValueTask FindOutAsync(CancellationToken cancellationToken) =>
        models.All.Any(static model => model.Backend.Server is not null
            && ReferenceEquals(model.Backend.Monitor.State, BackendState.NotAsked))
            ? new(Task.WhenAll(models.All.Select(model => model.FindOutAsync(cancellationToken))))
            : default;

    /// <summary>The names that clients can use, aliases without a <c>*</c> included.</summary>
    public IReadOnlyList<string> Names => options.Models.Count == 0
        ? [.. Served.SelectMany(model => model.Backend.Aliases.Prepend(model.Name)).Distinct(StringComparer.Ordinal)]
        : [.. options.Models.SelectMany(entry => entry.Aliases.Where(alias => !IsPattern(alias)).Prepend(entry.Name))];

    /// <summary>The places that serve a request, the best first.</summary>
    /// <param name="name">The model it names; null for none.</param>
    /// <param name="prompt">Its prompt; null where nothing may be reused.</param>
    /// <param name="domain">The isolation domain.</param>
    /// <param name="lane">The lane it waits in.</param>
    /// <returns>Empty when nothing serves a model of this name.</returns>
    public IReadOnlyList<RouteCandidate> Route(string? name, CanonicalPrompt? prompt, string? domain, Lane lane)
    {
        var places = PlacesOf(name);
        if (places.Count <= 1)
            return [.. places.Select(model => new RouteCandidate(model, 0, 0))];
        var now = places.Select(model => Candidate(model, prompt, domain, lane)).ToList();

        // One that is away or failed just now comes last: it may be back, and there may be no other.
        var last = prompt is not null && now.Exists(static candidate => !candidate.Model.Current.State.HasSlots)
            ? _affinity.PlaceOf(prompt)
            : null;
        RouteCandidate[] ordered =
        [
            .. now.OrderBy(candidate => IsAway(candidate.Model)).ThenBy(candidate => candidate.Seconds)
                .ThenBy(candidate => candidate.Model != last || candidate.Model.Current.State.HasSlots)
                .ThenBy(candidate => candidate.Model.Queue.View.Used),
        ];
        if (prompt is not null && !ordered[0].Model.Current.State.HasSlots)
            _affinity.Remember(prompt, ordered[0].Model);
        return ordered;
    }

    /// <summary>The first place that serves a name, for what needs no place in a queue; null when nothing does.</summary>
    public ServedModel? First(string? name) => PlacesOf(name) is [var first, ..] places
        ? places.FirstOrDefault(model => !IsAway(model)) ?? first
        : null;

    private IEnumerable<ServedModel> Served => models.All.Where(static model => !model.IsServer);

    private static RouteCandidate Candidate(ServedModel model, CanonicalPrompt? prompt, string? domain, Lane lane) =>
        new(model, model.Queue.ExpectedWait(lane), model.Current.ExpectedSeconds(prompt, domain, lane));

    private static bool IsAway(ServedModel model) =>
        model.BackOff.IsOn || model.Current.State.Status is BackendStatus.Unreachable or BackendStatus.Loading;

    private static bool IsPattern(string alias) => alias.Contains('*', StringComparison.Ordinal);

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    private IReadOnlyList<ServedModel> PlacesOf(string? name)
    {
        if (!HasNames)
            return models.All;
        var wanted = name ?? options.DefaultModel;
        if (options.Models.Count == 0)
        {
            wanted ??= Served.FirstOrDefault()?.Name;
            return
            [
                .. Served.Where(model => model.IsCalled(wanted) || (model.Backend.Name == wanted && model.Backend.Host is null)
                    || (wanted is not null && model.Backend.Aliases.Contains(wanted, StringComparer.Ordinal))),
            ];
        }

        var entry = wanted is null ? options.Models[0]
            : options.Models.FirstOrDefault(model => model.Name == wanted || model.Aliases.Contains(wanted, StringComparer.Ordinal))
            ?? options.Models.FirstOrDefault(model => model.Aliases.Any(alias => IsPattern(alias) && Matches(alias, wanted)));
        return entry is null ? [] : [.. Served.Where(model => entry.Use.Any(use => ServedNames.IsUsed(model, use)))];
    }
}
