using System.Collections.Frozen;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>One generation of plugins: everything that was found, and what is in use of it. Does not change.</summary>
internal sealed class PluginSet : IDisposable
{
    private readonly IReadOnlyList<LoadedPlugin> _loaded;
    private readonly IReadOnlyList<Func<PluginStatus>> _statuses;

    /// <param name="found">In the order found: an active plugin, or the status of one that is not.</param>
    public PluginSet(IReadOnlyList<(LoadedPlugin? Plugin, PluginStatus Status)> found)
    {
        _loaded = [.. found.Select(item => item.Plugin).OfType<LoadedPlugin>()];
        Transforms =
        [
            .. _loaded.SelectMany(plugin => plugin.Transforms)
                .OrderBy(transform => transform.Order)
                .ThenBy(transform => transform.Plugin, StringComparer.Ordinal)
                .ThenBy(transform => transform.Name, StringComparer.Ordinal),
        ];

        var engines = new Dictionary<string, PluginEngine>(StringComparer.OrdinalIgnoreCase);
        var statuses = new List<Func<PluginStatus>>();
        foreach (var (plugin, status) in found)
        {
            if (plugin is null)
            {
                statuses.Add(() => status);
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

            statuses.Add(() => plugin.Status with { Notes = notes });
        }

        Engines = engines.ToFrozenDictionary(pair => pair.Key, ITemplateEngine (pair) => pair.Value, StringComparer.OrdinalIgnoreCase);
        _statuses = statuses;
    }

    /// <summary>In the order they run: by order, plugin name, transform name.</summary>
    public IReadOnlyList<PluginTransform> Transforms { get; }

    /// <summary>By file extension with its dot, without case; <c>"*"</c> is the engine for all others.</summary>
    public IReadOnlyDictionary<string, ITemplateEngine> Engines { get; }

    /// <summary>Of every plugin found, with its newest error.</summary>
    public IReadOnlyList<PluginStatus> Statuses => [.. _statuses.Select(read => read())];

    /// <summary>Unloads all plugins. No request may be running in them any more.</summary>
    /// <returns>One reference per plugin, alive while its unloading is pending.</returns>
    /// <exception cref="AggregateException">Parts that failed to dispose of themselves; everything is unloaded all the same.</exception>
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
}
