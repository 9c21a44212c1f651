using System.Composition.Hosting;
using System.Runtime.CompilerServices;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// An active plugin: owns its container and its assemblies. Generations that hold it are counted; the last one that lets go retires it.
/// </summary>
internal sealed class LoadedPlugin : IDisposable
{
    /// <summary>How long a part may take to start, and to stop.</summary>
    public static readonly TimeSpan LifeLimit = TimeSpan.FromSeconds(10);

    private readonly PluginStatus _status;
    private readonly PluginExports _exports;
    private readonly IDisposable? _services;
    private IReadOnlyList<IPluginLifetime> _lifetimes;
    private CompositionHost? _container;
    private PluginLoadContext? _context;
    private int _holders;

    public LoadedPlugin(PluginStatus status, PluginExports exports, CompositionHost container, PluginLoadContext context, IDisposable? services)
    {
        _status = status;
        _exports = exports;
        _lifetimes = exports.TakeLifetimes();
        _container = container;
        _context = context;
        _services = services;
    }

    public IReadOnlyList<PluginTransform> Transforms => _exports.Transforms;

    public IReadOnlyList<PluginResponseTransform> Responses => _exports.Responses;

    public IReadOnlyList<PluginHandler> Handlers => _exports.Handlers;

    public IReadOnlyList<PluginEngine> Engines => _exports.Engines;

    /// <summary>Whether it has something to start and to stop.</summary>
    public bool HasLife => _lifetimes.Count > 0;

    public PluginStatus Status => _status with
    {
        Calls = _exports.Parts.Sum(part => part.Calls),
        Errors = _exports.Parts.Sum(part => part.Errors),
        LastError = _exports.Parts.Select(part => part.LastError).Where(error => error is not null).MaxBy(error => error!.At),
    };

    /// <summary>Starts the parts that want it. Ends within <see cref="LifeLimit"/>, whatever they do.</summary>
    /// <exception cref="PluginFaultException">One failed, or did not end in time; those before it have been stopped.</exception>
    public async Task StartAsync()
    {
        var started = new List<IPluginLifetime>();
        foreach (var part in _lifetimes)
        {
            if (await RunAsync(part.StartAsync).ConfigureAwait(false) is not { } problem)
            {
                started.Add(part);
                continue;
            }

            _lifetimes = started;
            await StopAsync().ConfigureAwait(false);
            throw PluginFaultException.Faulted($"Its start failed. {problem}");
        }
    }

    /// <summary>Stops the parts that were started, the last one first.</summary>
    /// <returns>What went wrong, for the log; the plugin is over all the same.</returns>
    public async Task<IReadOnlyList<string>> StopAsync()
    {
        var problems = new List<string>();
        foreach (var part in Interlocked.Exchange(ref _lifetimes, []).Reverse())
        {
            if (await RunAsync(part.StopAsync).ConfigureAwait(false) is { } problem)
                problems.Add(problem);
        }

        return problems;
    }

    /// <summary>A generation begins to use it.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>A generation is over.</summary>
    /// <returns>True when nobody uses it any more.</returns>
    public bool LetGo() => Interlocked.Decrement(ref _holders) == 0;

    /// <summary>Disposes the plugin's parts, cuts what the host holds of it and asks the runtime to unload it.</summary>
    /// <returns>Alive as long as something still holds on to the plugin ("unload pending"); null when it was unloaded before.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // nothing of it may stay on the stack of who waits for its end
    public WeakReference? Unload()
    {
        if (Interlocked.Exchange(ref _context, null) is not { } context)
            return null;
        _exports.Cut();
        _lifetimes = [];
        try
        {
            Interlocked.Exchange(ref _container, null)?.Dispose();
        }
        finally
        {
            // A part whose Dispose throws must not keep the plugin in memory; the caller hears of it all the same.
            _services?.Dispose();
            context.End();
        }

        return new WeakReference(context);
    }

    public void Dispose() => Unload();

    /// <summary>On a thread of its own: a part that blocks must not block ours.</summary>
    /// <returns>What went wrong, or null.</returns>
    private static async Task<string?> RunAsync(Func<CancellationToken, Task> step)
    {
        using var limit = new CancellationTokenSource(LifeLimit);
        try
        {
            await Task.Run(() => step(limit.Token), CancellationToken.None).WaitAsync(LifeLimit + TimeSpan.FromSeconds(1)).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && limit.IsCancellationRequested)
        {
            return $"It did not end within {LifeLimit.TotalSeconds:0} s.";
        }
        catch (Exception e)
        {
            return PluginFaults.Describe(e);
        }
    }
}
