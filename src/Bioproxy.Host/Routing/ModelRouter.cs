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
internal sealed class ModelRouter(ModelDirectory models, LiveOptions options)
{
    /// <summary>Rates are learned for each instance, so that smaller differences between figures of one kind mean nothing.</summary>
    private const double NoiseSeconds = 0.02;
    private const double NoiseShare = 0.05;

    private readonly bool _hasNames = options.Current.HasNames; // asked for every request
    private readonly ConversationAffinity _affinity = new();

    /// <summary>Names matter: there are several backends, <c>models</c> is configured, or a server has several models.</summary>
    public bool HasNames => _hasNames || models.All.Count > 1 || models.Default.IsServer;

    /// <summary>Clients use the names of <c>models</c>, not those of the servers.</summary>
    public bool HasConfiguredNames => options.Current.Models.Count > 0;

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
    public IReadOnlyList<string> Names => options.Current.Models.Count == 0
        ? [.. Served.SelectMany(model => model.Backend.Aliases.Prepend(model.Name)).Distinct(StringComparer.Ordinal)]
        : [.. options.Current.Models.SelectMany(entry => entry.Aliases.Where(alias => !IsPattern(alias)).Prepend(entry.Name))];

    /// <summary>The name under which a model is configured, or the one that its server gives it, whatever alias asks for it.</summary>
    /// <param name="asked">The model that a request names; null for none.</param>
    /// <returns>Null where nothing serves it.</returns>
    public string? NameOf(string? asked) => EntryOf(asked ?? options.Current.DefaultModel)?.Name ?? First(asked)?.Name;

    /// <summary>Whether <c>models</c> has the name, with a place that only another proxy's pool can be.</summary>
    public bool MayBeElsewhere(string? asked) => EntryOf(asked ?? options.Current.DefaultModel) is { } entry
        && entry.Use.Any(use => options.Current.AllBackends.All(backend => backend.Name != use.Backend));

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
        for (var i = 0; i < candidates.Length; i++)
            candidates[i] = Candidate(places[i], FiguresOf(places[i], prompt, lane, weight));
        return Sorted(candidates, prompt);
    }

    private RouteCandidate[] Sorted(RouteCandidate[] candidates, CanonicalPrompt? prompt)
    {
        if (prompt is not null && Array.Exists(candidates, static candidate => !candidate.HasSlots))
            SortByConversation(candidates, prompt);
        else
            Sort(candidates);
        return candidates;
    }

    /// <summary>As <see cref="Route"/>; the owners of the models that this proxy does not schedule are asked.</summary>
    public ValueTask<IReadOnlyList<RouteCandidate>> RouteAsync(
        string? name, CanonicalPrompt? prompt, Lane lane, int weight, CancellationToken cancellationToken)
    {
        var all = models.All;
        for (var i = 0; i < all.Count; i++)
        {
            if (!all[i].IsOwned)
                return new(AskOwnersAsync(name, prompt, lane, weight, cancellationToken));
        }

        return new(Route(name, prompt, lane, weight));
    }

    private async Task<IReadOnlyList<RouteCandidate>> AskOwnersAsync(
        string? name, CanonicalPrompt? prompt, Lane lane, int weight, CancellationToken cancellationToken)
    {
        var places = PlacesOf(name);
        if (places.Count <= 1)
            return Route(name, prompt, lane, weight);
        var asking = places.Select(model => model.IsOwned
            ? default
            : model.Owner!.EstimateAsync(prompt, lane, weight, cancellationToken)).ToArray();
        var candidates = new RouteCandidate[places.Count];
        for (var i = 0; i < candidates.Length; i++)
            candidates[i] = Candidate(places[i], await asking[i].ConfigureAwait(false) ?? FiguresOf(places[i], prompt, lane, weight));
        return Sorted(candidates, prompt);
    }

    /// <summary>The first place that serves a name, for what needs no place in a queue; null when nothing does.</summary>
    public ServedModel? First(string? name) => PlacesOf(name) is [var first, ..] places
        ? places.FirstOrDefault(model => !IsAway(model)) ?? first
        : null;

    private IEnumerable<ServedModel> Served => models.All.Where(static model => !model.IsServer);

    private static RouteCandidate Candidate(ServedModel model, in RouteFigures figures) =>
        new(model, figures.Wait, figures.Load, figures.Prompt, figures.Eviction)
        {
            BusySeconds = figures.Busy,
            IsAway = figures.IsAway,
            HasSlots = figures.HasSlots,
        };

    /// <summary>What a request would meet at a model that this proxy schedules.</summary>
    public static RouteFigures FiguresOf(ServedModel model, CanonicalPrompt? prompt, Lane lane, int weight)
    {
        var queue = model.Queue.Outlook(lane, weight);
        var plan = model.Current.Estimate(prompt, lane);
        return new RouteFigures(queue.WaitSeconds, model.LoadSeconds, plan.Seconds, plan.EvictionCost, queue.BusySeconds)
        {
            IsAway = IsAway(model),
            HasSlots = model.Current.HasSlots,
        };
    }

    /// <summary>Among places without slots that are as good as each other, a conversation stays where it was.</summary>
    private void SortByConversation(RouteCandidate[] candidates, CanonicalPrompt prompt)
    {
        if (_affinity.PlaceOf(prompt) is { Current.HasSlots: false } last
            && Array.FindIndex(candidates, candidate => candidate.Model == last) is var at and >= 0)
            candidates[at] = candidates[at] with { HasConversation = true };
        Sort(candidates);
        if (!candidates[0].Model.Current.HasSlots)
            _affinity.Remember(prompt, candidates[0].Model);
    }

    /// <summary>Those that are away come last. Of those that are as good as the best the least busy goes first.</summary>
    internal static void Sort(RouteCandidate[] candidates)
    {
        var best = candidates[0];
        foreach (ref readonly var candidate in candidates.AsSpan(1))
        {
            if (candidate.IsAway == best.IsAway ? candidate.Seconds < best.Seconds : best.IsAway)
                best = candidate;
        }

        for (var i = 0; i < candidates.Length; i++)
            candidates[i] = candidates[i] with { IsAsGoodAsBest = IsAsGood(candidates[i], best) };
        for (var sorted = 1; sorted < candidates.Length; sorted++)
        {
            var next = candidates[sorted];
            var at = sorted;
            for (; at > 0 && IsBefore(next, candidates[at - 1]); at--)
                candidates[at] = candidates[at - 1];
            candidates[at] = next;
        }
    }

    private static bool IsBefore(in RouteCandidate one, in RouteCandidate other)
    {
        if (one.IsAway != other.IsAway)
            return other.IsAway;
        if (one.IsAsGoodAsBest != other.IsAsGoodAsBest)
            return one.IsAsGoodAsBest;
        if (!one.IsAsGoodAsBest)
            return one.Seconds < other.Seconds;
        return one.HasConversation != other.HasConversation ? one.HasConversation : one.BusySeconds < other.BusySeconds;
    }

    /// <summary>The prompt takes about as long everywhere, so that a twentieth of a long one is noise; a save, a wait or a load that only
    /// one of them asks for is not noise because the prompt is long.</summary>
    private static bool IsAsGood(in RouteCandidate one, in RouteCandidate best) => one.IsAway == best.IsAway
        && Excess(one.PromptSeconds, best.PromptSeconds)
            + Excess(one.Seconds - one.PromptSeconds, best.Seconds - best.PromptSeconds) <= NoiseSeconds;

    /// <summary>The difference of two figures of one kind, as far as it is more than noise.</summary>
    private static double Excess(double one, double best) =>
        Math.Abs(one - best) > Math.Max(NoiseSeconds, best * NoiseShare) ? one - best : 0;

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
        var wanted = name ?? options.Current.DefaultModel;
        var entry = EntryOf(wanted);
        if (entry is null && options.Current.Models.Count > 0)
            return [];
        wanted ??= Served.FirstOrDefault()?.Name;
        var places = new List<ServedModel>(all.Count);
        for (var i = 0; i < all.Count; i++)
        {
            if (!all[i].IsServer && (entry is null ? IsNamed(all[i], wanted) : IsUsed(all[i], entry)))
                places.Add(all[i]);
        }

        return places.Count == 0 && entry is null && HasEveryName ? [models.Default] : places;
    }

    /// <summary>The only server there is gets every name that a client uses, but for those that another proxy's pool has: it does not
    /// depend on such a proxy's being there whether a client is served.</summary>
    private bool HasEveryName =>
        !_hasNames && !models.Default.IsServer && models.All.Skip(1).All(static model => model.Backend.Proxy is not null);

    private ModelOptions? EntryOf(string? wanted) => options.Current.Models.Count == 0 ? null
        : wanted is null ? options.Current.Models[0]
        : options.Current.Models.FirstOrDefault(model => model.Name == wanted || model.Aliases.Contains(wanted, StringComparer.Ordinal))
        ?? options.Current.Models.FirstOrDefault(model => model.Aliases.Any(alias => IsPattern(alias) && Matches(alias, wanted)));

    private static bool IsNamed(ServedModel model, string? wanted) => model.IsCalled(wanted)
        || (model.Backend.Options.Name == wanted && model.Backend.Host is null)
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
