using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

internal sealed class FakeModelProcess(string model, int port) : IModelProcess
{
    private readonly TaskCompletionSource<ModelExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _hasEnded;

    public string Model => model;

    public Uri Address { get; } = new($"http://127.0.0.1:{port}/");

    public Task<ModelExit> Ended => _ended.Task;

    /// <summary>Whether the pool has begun to end it.</summary>
    public bool IsStopRequested { get; private set; }

    /// <summary>Whether it was the pool that ended it.</summary>
    public bool WasStopped { get; private set; }

    /// <summary>Is called when the pool stops it, before it has ended.</summary>
    public Func<Task> OnStop { get; set; } = () => Task.CompletedTask;

    /// <summary>Is called once, when it has ended and before anybody is told.</summary>
    public Action OnEnded { get; set; } = () => { };

    public async Task StopAsync()
    {
        IsStopRequested = true;
        await OnStop();
        WasStopped = true;
        End(new ModelExit(0, "stopped"));
    }

    public void Crash() => End(new ModelExit(137, $"{model} crashed: out of memory"));

    private void End(ModelExit exit)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
            OnEnded();
        _ended.TrySetResult(exit);
    }
}
