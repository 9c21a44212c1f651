using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

/// <summary>Processes that become ready, fail and end when the test says so.</summary>
internal sealed class FakeProcessFactory : IModelProcessFactory
{
    private readonly Lock _lock = new();
    private readonly List<(string Model, TaskCompletionSource<ModelStart> Result)> _starting = [];
    private int _ports = 9100;

    public Dictionary<string, long> Memory { get; } = [];

    public List<string> Started { get; } = [];

    public List<string> Cancelled { get; } = [];

    public int StartingCount
    {
        get
        {
            lock (_lock)
                return _starting.Count;
        }
    }

    public long? MemoryOf(PoolModelOptions model) => Memory.TryGetValue(model.Name, out var bytes) ? bytes : model.Memory;

    public async Task<ModelStart> StartAsync(PoolModelOptions model, ModelLog log, CancellationToken cancellationToken)
    {
        log.Add($"{model.Name} loads");
        var result = new TaskCompletionSource<ModelStart>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            Started.Add(model.Name);
            _starting.Add((model.Name, result));
        }

        await using var cancelled = cancellationToken.Register(() =>
        {
            lock (_lock)
            {
                _starting.RemoveAll(start => start.Result == result);
                Cancelled.Add(model.Name);
            }

            result.TrySetCanceled(cancellationToken);
        });
        return await result.Task;
    }

    /// <summary>Waits until the model is being started, and makes it ready.</summary>
    public async Task<FakeModelProcess> ReadyAsync(string model)
    {
        var process = new FakeModelProcess(model, Interlocked.Increment(ref _ports));
        (await StartingAsync(model)).SetResult(ModelStart.Ready(process));
        return process;
    }

    public async Task FailAsync(string model, string problem) =>
        (await StartingAsync(model)).SetResult(ModelStart.Failed(problem));

    public Task WhenStartingAsync(string model) => Eventually.TrueAsync(() => IsStarting(model), Tolerances.Soon, $"{model} is started");

    private async Task<TaskCompletionSource<ModelStart>> StartingAsync(string model)
    {
        await WhenStartingAsync(model);
        lock (_lock)
        {
            var start = _starting.First(start => start.Model == model);
            _starting.Remove(start);
            return start.Result;
        }
    }

    private bool IsStarting(string model)
    {
        lock (_lock)
            return _starting.Any(start => start.Model == model);
    }
}
