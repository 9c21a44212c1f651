using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Doctor;

/// <summary>What another plugin takes that a plugin might want too.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Where it lies.</param>
/// <param name="Extensions">Of the files its engines render.</param>
/// <param name="Commands">Its slash commands.</param>
internal sealed record PluginNeighbour(string Name, string Path, IReadOnlyList<string> Extensions, IReadOnlyList<string> Commands)
{
    /// <summary>Makes what lies in the folders, looks at it and unloads it; nothing is started. What cannot be made takes nothing.</summary>
    public static async Task<IReadOnlyList<PluginNeighbour>> FindAsync(PluginLoader loader, IEnumerable<string> directories)
    {
        var found = new List<PluginNeighbour>();
        foreach (var (candidate, disabled) in loader.Find(directories))
        {
            if (disabled is not null || await loader.MakeAsync(candidate).ConfigureAwait(false) is not ({ } plugin, var status))
                continue;
            found.Add(new PluginNeighbour(candidate.Name, candidate.Path, [.. plugin.Engines.SelectMany(engine => engine.Extensions)], status.Commands));
            loader.Unload(plugin, candidate.Name);
        }

        return found;
    }
}
