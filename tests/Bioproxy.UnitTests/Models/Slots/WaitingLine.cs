using Bioproxy.Doubles;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>Waiters by name in one lane of a queue with one slot. The first letter of a name is its client, a star at its end makes
/// it hot: "a1 a2* b1".</summary>
internal sealed class WaitingLine
{
    private readonly Lane _lane;
    private readonly List<(string Name, Task<QueueGrant> Asked, CancellationTokenSource Leaving)> _waiting = [];
    private Lease? _held;

    public WaitingLine(SlotQueue queue, Lane lane = Lane.Interactive)
    {
        Queue = queue;
        _lane = lane;
        var grant = queue.AcquireAsync(new(Lane.Interactive, 1), default);
        _held = grant.IsCompletedSuccessfully ? grant.Result.Lease : null;
        Assert.NotNull(_held);
    }

    public SlotQueue Queue { get; }

    public WaitingLine Join(string names)
    {
        foreach (var name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var leaving = new CancellationTokenSource();
            var isHot = name.EndsWith('*');
            var asked = Queue.AcquireAsync(new(_lane, 1, name[0], () => isHot), leaving.Token).AsTask();
            Assert.False(asked.IsCompleted);
            _waiting.Add((name.TrimEnd('*'), asked, leaving));
        }

        return this;
    }

    public async Task LeaveAsync(string name)
    {
        var (_, asked, leaving) = _waiting.Find(w => w.Name == name);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.DefaultTimeout());
        _waiting.RemoveAll(w => w.Name == name);
    }

    /// <summary>Gives the slot back and says who has it now; null when nobody waits any more.</summary>
    public async Task<string?> NextAsync()
    {
        _held?.Release();
        _held = null;
        while (_waiting.Count > 0)
        {
            var asked = await Task.WhenAny(_waiting.Select(w => w.Asked)).DefaultTimeout();
            var name = _waiting.Find(w => w.Asked == asked).Name;
            _waiting.RemoveAll(w => w.Name == name);
            _held = (await asked).Lease;
            if (_held is not null)
                return name;
        }

        return null;
    }

    /// <summary>The order in which those who still wait are served.</summary>
    public async Task<string> OrderAsync()
    {
        var order = new List<string>();
        while (await NextAsync() is { } name)
            order.Add(name);
        return string.Join(' ', order);
    }
}
