using System.Composition.Hosting;

namespace Bioproxy.Host.Plugins;

/// <summary>An active plugin: owns its container and its assemblies.</summary>
internal sealed class LoadedPlugin : IDisposable
{
    private readonly PluginStatus _status;
    private CompositionHost? _container;
    private PluginLoadContext? _context;

    public LoadedPlugin(PluginStatus status, PluginExports exports, CompositionHost container, PluginLoadContext context)
    {
        _status = status;
        Transforms = exports.Transforms;
        Engines = exports.Engines;
        _container = container;
        _context = context;
    }

    public IReadOnlyList<PluginTransform> Transforms { get; }

    public IReadOnlyList<PluginEngine> Engines { get; }

    public PluginStatus Status => _status with
    {
        LastError = Transforms.Select(transform => transform.LastError).Where(error => error is not null).MaxBy(error => error!.At),
    };

    /// <summary>Disposes the plugin's parts, cuts what the host holds of it and asks the runtime to unload it.</summary>
    /// <returns>Alive as long as something still holds on to the plugin ("unload pending"); null when it was unloaded before.</returns>
    public WeakReference? Unload()
    {
        if (Interlocked.Exchange(ref _context, null) is not { } context)
            return null;
        foreach (var transform in Transforms)
            transform.Cut();
        foreach (var engine in Engines)
            engine.Cut();
        try
        {
            Interlocked.Exchange(ref _container, null)?.Dispose();
        }
        finally
        {
            // A part whose Dispose throws must not keep the plugin in memory; the caller hears of it all the same.
            context.Unload();
        }

        return new WeakReference(context);
    }

    public void Dispose() => Unload();
}
