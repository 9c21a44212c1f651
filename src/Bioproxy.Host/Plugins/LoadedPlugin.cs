using System.Composition.Hosting;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Bioproxy.Abstractions;
using Bioproxy.Host.Threading;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// An active plugin: owns its container and its assemblies. The generations that use it are counted; the last one to release it retires it.
/// </summary>
internal sealed class LoadedPlugin : IDisposable
{
    /// <summary>How long a part may take to start, to stop, and to be disposed of.</summary>
    public static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(10);

    /// <summary>For a part that obeys its cancellation token.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly PluginStatus _status;
    private readonly PluginExports _exports;
    private readonly IReadOnlyList<IDisposable> _owned;
    private readonly TimeProvider _time;
    private IReadOnlyList<IPluginLifetime> _lifetimes;
    private CompositionHost? _container;
    private AssemblyLoadContext? _context;
    private int _holders;

    /// <param name="status">What is known about it.</param>
    /// <param name="exports">Its parts.</param>
    /// <param name="container">The container that made the parts.</param>
    /// <param name="context">Its assemblies; collectible.</param>
    /// <param name="owned">What else ends with it.</param>
    /// <param name="time">The clock for its time limits.</param>
    public LoadedPlugin(
        PluginStatus status,
        PluginExports exports,
        CompositionHost container,
        AssemblyLoadContext context,
        IReadOnlyList<IDisposable> owned,
        TimeProvider time)
    {
        _status = status;
        _exports = exports;
        _lifetimes = exports.TakeLifetimes();
        _container = container;
        _context = context;
        _owned = owned;
        _time = time;
        Memory = new WeakReference(context);
    }

    public IReadOnlyList<PluginTransform> Transforms => _exports.Transforms;

    public IReadOnlyList<PluginResponseTransform> Responses => _exports.Responses;

    public IReadOnlyList<PluginHandler> Handlers => _exports.Handlers;

    public IReadOnlyList<PluginAnswerObserver> Observers => _exports.Observers;

    public IReadOnlyList<PluginEngine> Engines => _exports.Engines;

    /// <summary>Whether it has parts to start and to stop.</summary>
    public bool HasLifetime => _lifetimes.Count > 0;

    /// <summary>Alive until the runtime has unloaded the plugin.</summary>
    public WeakReference Memory { get; }

    /// <summary>What its code refers to and could not be loaded.</summary>
    public IReadOnlyList<MissingReference> Missing { get; init; } = [];

    /// <summary>Its assemblies; null once it was unloaded. Do not keep it: it holds the plugin in memory.</summary>
    public AssemblyLoadContext? Context => _context;

    public PluginStatus Status => _status with
    {
        Calls = _exports.Parts.Sum(part => part.Calls),
        Errors = _exports.Parts.Sum(part => part.Errors),
        LastError = _exports.Parts.Select(part => part.LastError).Where(error => error is not null).MaxBy(error => error!.At),
    };

    /// <summary>Starts its parts. Bounded in time, whatever they do.</summary>
    /// <exception cref="PluginFaultException">One failed or took too long; those started before it have been stopped.</exception>
    public async Task StartAsync()
    {
        var started = new List<IPluginLifetime>();
        foreach (var part in _lifetimes)
        {
            if (await RunAsync(part.StartAsync, CancellationToken.None).ConfigureAwait(false) is not { } problem)
            {
                started.Add(part);
                continue;
            }

            _lifetimes = started;
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw PluginFaultException.Faulted($"Its start failed. {problem}");
        }
    }

    /// <summary>Stops the parts that were started, in reverse order. Bounded in time, whatever they do.</summary>
    /// <param name="cancellationToken">Leaves the parts no more time.</param>
    /// <returns>The problems, for the log; the plugin counts as stopped all the same.</returns>
    public async Task<IReadOnlyList<string>> StopAsync(CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var part in Interlocked.Exchange(ref _lifetimes, []).Reverse())
        {
            if (await RunAsync(part.StopAsync, cancellationToken).ConfigureAwait(false) is { } problem)
                problems.Add(problem);
        }

        return problems;
    }

    /// <summary>A generation begins to use it.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>A generation has ended.</summary>
    /// <returns>True when no generation uses it any more.</returns>
    public bool Release() => Interlocked.Decrement(ref _holders) == 0;

    /// <summary>Unloads it on a thread of its own and waits a limited time: a part's <c>Dispose</c> may block.</summary>
    /// <returns>What went wrong, or null. A part that blocks keeps the plugin in memory until it returns.</returns>
    public async Task<string?> UnloadAsync()
    {
        var unloading = Task.Run(() => { Unload(); });
        if (!await unloading.EndsWithinAsync(StepLimit, _time).ConfigureAwait(false))
            return $"Its Dispose did not return within {StepLimit.TotalSeconds:0} s.";
        return unloading.Exception?.InnerException is { } cause ? $"Its Dispose failed. {PluginFaults.Describe(cause)}" : null;
    }

    /// <summary>Disposes of the plugin's parts, cuts the host's references to them and asks the runtime to unload it.</summary>
    /// <returns>Alive as long as something still references the plugin ("unload pending"); null when it was unloaded before.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // nothing of the plugin may stay on the stack of the caller that waits for its end
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
            // A part whose Dispose throws must not keep the plugin in memory; the caller gets the exception all the same.
            context.Unload();
            foreach (var owned in _owned)
                owned.Dispose();
        }

        return Memory;
    }

    public void Dispose() => Unload();

    /// <summary>Runs a step on a thread of its own: a part that blocks must not block the caller.</summary>
    /// <returns>What went wrong, or null.</returns>
    private async Task<string?> RunAsync(Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(StepLimit, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var running = Task.Run(() => step(limit.Token), CancellationToken.None);
        if (!await running.EndsWithinAsync(StepLimit + Grace, _time).ConfigureAwait(false))
            return $"It did not end within {StepLimit.TotalSeconds:0} s.";
        try
        {
            await running.ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return timer.IsCancellationRequested ? $"It did not end within {StepLimit.TotalSeconds:0} s." : "It had no time left to end.";
        }
        catch (Exception e)
        {
            return PluginFaults.Describe(e);
        }
    }
}
