using System.Collections.Concurrent;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

internal sealed class FakePoolUse : IPoolUse
{
    public ConcurrentDictionary<string, bool> Busy { get; } = new();

    public ConcurrentQueue<string> Saved { get; } = [];

    /// <summary>How often the pool asked.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public Action<string> OnAsk { get; set; } = _ => { };

    public Func<string, CancellationToken, Task> OnSave { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentDictionary<string, double> Costs { get; } = new();

    public double LeaveSeconds(string name) => Costs.GetValueOrDefault(name);

    public bool IsBusy(string name)
    {
        Asked.Enqueue(name);
        var isBusy = Busy.ContainsKey(name);
        OnAsk(name);
        return isBusy;
    }

    public async Task SaveBeforeUnloadAsync(string name, TimeSpan limit, CancellationToken cancellationToken)
    {
        await OnSave(name, cancellationToken);
        Saved.Enqueue(name);
    }
}
