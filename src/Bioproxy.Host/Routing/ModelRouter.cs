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
    /// <summary>Rates are learned for each instance, so that smaller differences mean nothing.</summary>
    private const double NoiseSeconds = 0.02;
    private const double NoiseShare = 0.05;

    private readonly bool _hasNames = options.HasNames; // asked for every request
    private readonly ConversationAffinity _affinity = new();

    /// <summary>Names matter: there are several backends, <c>models</c> is configured, or a server has several models.</summary>
    public bool HasNames => _hasNames || models.All.Count > 1 || models.Default.IsServer;

    /// <summary>The models that are served, in the order of the configuration.</summary>
    public IReadOnlyList<ServedModel> All => models.All;

    /// <summary>To be awaited before a name is looked up: a server that was not asked yet may have models of any name.</summary>
    public ValueTask FindOutAsync(CancellationToken cancellationToken)
    {
        var all = models.All;
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].Backend is { Server: not null, Monitor: var monitor } && ReferenceEquals(monitor.State, BackendState.NotAsked))
                return new(Task.WhenAll(all.Select(model => model.FindOutAsync(cancellationToken))));
        }

        return default;
    }

    /// <summary>The names that clients can use, aliases without a <c>*</c> included.</summary>
    public IReadOnlyList<string> Names => options.Models.Count == 0
        ? [.. Served.SelectMany(model => model.Backend.Aliases.Prepend(model.Name)).Distinct(StringComparer.Ordinal)]
        : [.. options.Models.SelectMany(entry => entry.Aliases.Where(alias => !IsPattern(alias)).Prepend(entry.Name))];

    /// <summary>The places that serve a request, the best first.</summary>
    /// <param name="name">The model it names; null for none.</param>
    /// <param name="prompt">Its prompt; null where nothing may be reused.</param>
    /// <param name="lane">The lane it waits in.</param>
    /// <param name="weight">How many slots it occupies.</param>
    /// <returns>Empty when nothing serves a model of this name.</returns>
    public IReadOnlyList<RouteCandidate> Route(string? name, CanonicalPrompt? prompt, Lane lane, int weight)
    {
        var places = PlacesOf(name);
        var candidates = new RouteCandidate[places.Count];
        if (candidates.Length == 1)
            candidates[0] = new RouteCandidate(places[0], 0, 0, 0, 0);
        if (candidates.Length <= 1)
            return candidates;
        var isUnseen = false; // of a place without slots only the requests say what it holds
        for (var i = 0; i < candidates.Length; i++)
        {
            candidates[i] = Candidate(places[i], prompt, lane, weight);
            isUnseen |= !places[i].Current.State.HasSlots;
        }

        if (isUnseen && prompt is not null)
            SortByConversation(candidates, prompt);
        else
            Sort(candidates);
        return candidates;
    }

    /// <summary>The first place that serves a name, for what needs no place in a queue; null when nothing does.</summary>
    public ServedModel? First(string? name) => PlacesOf(name) is [var first, ..] places
        ? places.FirstOrDefault(model => !IsAway(model)) ?? first
        : null;

    private IEnumerable<ServedModel> Served => models.All.Where(static model => !model.IsServer);

    private static RouteCandidate Candidate(ServedModel model, CanonicalPrompt? prompt, Lane lane, int weight)
    {
        var queue = model.Queue.Outlook(lane, weight);
        var plan = model.Current.Estimate(prompt, lane);
        return new RouteCandidate(model, queue.WaitSeconds, model.LoadSeconds, plan.Seconds, plan.EvictionCost)
        {
            BusySeconds = queue.BusySeconds,
            IsAway = IsAway(model),
        };
    }

    /// <summary>Among places without slots that are as good as each other, a conversation stays where it was.</summary>
    private void SortByConversation(RouteCandidate[] candidates, CanonicalPrompt prompt)
    {
        if (_affinity.PlaceOf(prompt) is { Current.State.HasSlots: false } last
            && Array.FindIndex(candidates, candidate => candidate.Model == last) is var at and >= 0)
            candidates[at] = candidates[at] with { HasConversation = true };
        Sort(candidates);
        if (!candidates[0].Model.Current.State.HasSlots)
            _affinity.Remember(prompt, candidates[0].Model);
    }

    /// <summary>Those that are away come last. Of those that are as good as the best the least busy goes first.</summary>
    private static void Sort(RouteCandidate[] candidates)
    {
        var best = double.PositiveInfinity;
        foreach (ref readonly var candidate in candidates.AsSpan())
        {
            if (!candidate.IsAway && candidate.Seconds < best)
                best = candidate.Seconds;
        }

        var close = best + Math.Max(NoiseSeconds, best * NoiseShare);
        for (var sorted = 1; sorted < candidates.Length; sorted++)
        {
            var next = candidates[sorted];
            var at = sorted;
            for (; at > 0 && IsBefore(next, candidates[at - 1], close); at--)
                candidates[at] = candidates[at - 1];
            candidates[at] = next;
        }
    }

    private static bool IsBefore(in RouteCandidate one, in RouteCandidate other, double close)
    {
        if (one.IsAway != other.IsAway)
            return other.IsAway;
        if (one.Seconds > close || other.Seconds > close)
            return one.Seconds < other.Seconds;
        return one.HasConversation != other.HasConversation ? one.HasConversation : one.BusySeconds < other.BusySeconds;
    }

    /// <summary>One that is loaded for requests is not away while it is being loaded.</summary>
    private static bool IsAway(ServedModel model) => model.BackOff.IsOn || model.Current.State.Status is BackendStatus.Unreachable
        || (model.Current.State.Status is BackendStatus.Loading && model.Backend.Loader is null);

    private static bool IsPattern(string alias) => alias.Contains('*', StringComparison.Ordinal);

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    /// <summary>Asked for every request: no enumerators.</summary>
    private IReadOnlyList<ServedModel> PlacesOf(string? name)
    {
        var all = models.All;
        if (!HasNames)
            return all;
        var wanted = name ?? options.DefaultModel;
        var entry = options.Models.Count == 0 ? null
            : wanted is null ? options.Models[0]
            : options.Models.FirstOrDefault(model => model.Name == wanted || model.Aliases.Contains(wanted, StringComparer.Ordinal))
            ?? options.Models.FirstOrDefault(model => model.Aliases.Any(alias => IsPattern(alias) && Matches(alias, wanted)));
        if (entry is null && options.Models.Count > 0)
            return [];
        wanted ??= Served.FirstOrDefault()?.Name;
        var places = new List<ServedModel>(all.Count);
        for (var i = 0; i < all.Count; i++)
        {
            if (!all[i].IsServer && (entry is null ? IsNamed(all[i], wanted) : IsUsed(all[i], entry)))
                places.Add(all[i]);
        }

        return places;
    }

    private static bool IsNamed(ServedModel model, string? wanted) => model.IsCalled(wanted)
        || (model.Backend.Name == wanted && model.Backend.Host is null)
        || (wanted is not null && model.Backend.Aliases.Contains(wanted, StringComparer.Ordinal));

    private static bool IsUsed(ServedModel model, ModelOptions entry)
    {
        for (var i = 0; i < entry.Use.Count; i++)
        {
            if (ServedNames.IsUsed(model, entry.Use[i]))
                return true;
        }

        return false;
    }
}
