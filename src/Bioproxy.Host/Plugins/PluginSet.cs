using System.Collections.Frozen;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// One immutable generation of plugins: the active ones, and the status of all that were found. A request pins one generation and uses
/// only that one; a generation that was replaced ends with its last pin and releases its plugins.
/// </summary>
internal sealed class PluginSet : IDisposable
{
    private readonly IReadOnlyList<LoadedPlugin> _loaded;
    private readonly IReadOnlyList<Func<PluginStatus>> _statuses;
    private readonly Action<PluginSet>? _ended;
    private int _pins = 1; // the owner's

    /// <param name="found">In the order found: an active plugin, or the status of one that is not.</param>
    /// <param name="agents">The commands that are enabled; null enables all.</param>
    /// <param name="ended">Called when the last pin is gone.</param>
    public PluginSet(
        IReadOnlyList<(LoadedPlugin? Plugin, PluginStatus Status)> found,
        IReadOnlyCollection<string>? agents = null,
        Action<PluginSet>? ended = null)
    {
        _ended = ended;
        _loaded = [.. found.Select(item => item.Plugin).OfType<LoadedPlugin>()];
        foreach (var plugin in _loaded)
            plugin.Hold();
        var transforms = Sorted(_loaded.SelectMany(plugin => plugin.Transforms));
        var responses = Sorted(_loaded.SelectMany(plugin => plugin.Responses));
        var handlers = Sorted(_loaded.SelectMany(plugin => plugin.Handlers));
        Transforms = [.. transforms.Where(HasNoCommand)];
        Responses = [.. responses.Where(HasNoCommand)];
        Handlers = [.. handlers.Where(HasNoCommand)];
        Observers = Sorted(_loaded.SelectMany(plugin => plugin.Observers));
        Commands = ((IEnumerable<PluginPart>)[.. transforms, .. responses, .. handlers])
            .Select(part => part.Command).OfType<string>().Where(command => agents?.Contains(command) != false)
            .Distinct(StringComparer.Ordinal)
            .ToFrozenDictionary(
                command => command,
                command => new CommandParts(Of(transforms, command), Of(responses, command), Of(handlers, command)),
                StringComparer.Ordinal);
        Engines = EnginesOf(found, out _statuses);
    }

    /// <summary>The transforms without a command, in the order they run: by order, plugin name, transform name.</summary>
    public IReadOnlyList<PluginTransform> Transforms { get; }

    /// <summary>The response transforms without a command, in the order of requests; answers pass them in reverse.</summary>
    public IReadOnlyList<PluginResponseTransform> Responses { get; }

    /// <summary>The handlers without a command, in their order; every request is offered to them.</summary>
    public IReadOnlyList<PluginHandler> Handlers { get; }

    /// <summary>What looks at complete answers.</summary>
    public IReadOnlyList<PluginAnswerObserver> Observers { get; }

    /// <summary>The parts behind each enabled slash command.</summary>
    public FrozenDictionary<string, CommandParts> Commands { get; }

    /// <summary>By file extension with its dot, ignoring case; <c>"*"</c> is the engine for all others.</summary>
    public IReadOnlyDictionary<string, ITemplateEngine> Engines { get; }

    /// <summary>The status of every plugin found, with its newest error.</summary>
    public IReadOnlyList<PluginStatus> Statuses => [.. _statuses.Select(read => read())];

    public IReadOnlyList<LoadedPlugin> Loaded => _loaded;

    /// <summary>Keeps the generation alive until <see cref="Unpin"/>.</summary>
    /// <returns>False when it has ended: there is a newer one.</returns>
    public bool TryPin()
    {
        for (var pins = Volatile.Read(ref _pins); pins > 0; pins = Volatile.Read(ref _pins))
        {
            if (Interlocked.CompareExchange(ref _pins, pins + 1, pins) == pins)
                return true;
        }

        return false;
    }

    public void Unpin()
    {
        if (Interlocked.Decrement(ref _pins) == 0)
            _ended?.Invoke(this);
    }

    /// <summary>Unloads all plugins. No request may be running in them any more.</summary>
    /// <returns>One reference per plugin, alive while its unloading is pending.</returns>
    /// <exception cref="AggregateException">Parts whose <c>Dispose</c> failed; everything is unloaded all the same.</exception>
    public IReadOnlyList<WeakReference> Unload()
    {
        var references = new List<WeakReference>();
        var failures = new List<Exception>();
        foreach (var plugin in _loaded)
        {
            try
            {
                if (plugin.Unload() is { } reference)
                    references.Add(reference);
            }
            catch (Exception e)
            {
                failures.Add(e);
            }
        }

        return failures.Count == 0 ? references : throw new AggregateException(failures);
    }

    public void Dispose() => Unload();

    private static bool HasNoCommand(PluginPart part) => part.Command is null;

    private static List<T> Sorted<T>(IEnumerable<T> parts)
        where T : PluginPart =>
        [
            .. parts.OrderBy(part => part.Order)
                .ThenBy(part => part.Plugin, StringComparer.Ordinal)
                .ThenBy(part => part.Name, StringComparer.Ordinal),
        ];

    private static List<T> Of<T>(List<T> parts, string command)
        where T : PluginPart => parts.FindAll(part => part.Command == command);

    private static FrozenDictionary<string, ITemplateEngine> EnginesOf(
        IReadOnlyList<(LoadedPlugin? Plugin, PluginStatus Status)> found, out IReadOnlyList<Func<PluginStatus>> statuses)
    {
        var engines = new Dictionary<string, PluginEngine>(StringComparer.OrdinalIgnoreCase);
        var reads = new List<Func<PluginStatus>>();
        foreach (var (plugin, status) in found)
        {
            if (plugin is null)
            {
                reads.Add(() => status);
                continue;
            }

            var notes = new List<string>(status.Notes);
            foreach (var engine in plugin.Engines)
            {
                foreach (var extension in engine.Extensions)
                {
                    if (!engines.TryAdd(extension, engine) && engines[extension] != engine)
                        notes.Add($"Its engine is not used for '{extension}': plugin '{engines[extension].Plugin}' was found first.");
                }
            }

            reads.Add(() => plugin.Status with { Notes = notes, Problem = status.Problem });
        }

        statuses = reads;
        return engines.ToFrozenDictionary(pair => pair.Key, ITemplateEngine (pair) => pair.Value, StringComparer.OrdinalIgnoreCase);
    }
}
