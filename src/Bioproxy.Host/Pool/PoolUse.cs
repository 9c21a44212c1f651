using System.Collections.Concurrent;
using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Pool;

/// <summary>Asks those who serve the pool's models whether they are in use.</summary>
internal sealed class PoolUse : IPoolUse
{
    private readonly ConcurrentDictionary<string, ISwapListener> _users = new(StringComparer.Ordinal);

    public void Add(string name, ISwapListener user) => _users[name] = user;

    public bool IsBusy(string name) => _users.TryGetValue(name, out var user) && user.IsBusy;

    public double LeaveSeconds(string name) => _users.TryGetValue(name, out var user) ? user.LeaveSeconds : 0;

    public Task SaveBeforeUnloadAsync(string name, TimeSpan limit, CancellationToken cancellationToken) =>
        _users.TryGetValue(name, out var user) ? SaveAsync(user, cancellationToken) : Task.CompletedTask;

    /// <summary>The model's process is about to end, or has ended.</summary>
    public void Gone(string name)
    {
        if (_users.TryGetValue(name, out var user))
            user.Gone();
    }

    /// <summary>What is not saved is computed again; the unload continues.</summary>
    private static async Task SaveAsync(ISwapListener user, CancellationToken cancellationToken)
    {
        var saving = user.SaveAsync(cancellationToken);
        await saving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
