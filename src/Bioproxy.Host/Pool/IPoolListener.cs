namespace Bioproxy.Host.Pool;

/// <summary>Is called when a model's state has changed. Called outside of the pool's lock, on any thread; must not block.</summary>
internal interface IPoolListener
{
    /// <summary>The state is in <see cref="ModelPool.Status"/>; it may have changed once more since.</summary>
    void Changed(string name);
}
