namespace Bioproxy.Host.Backends;

/// <summary>Keeps what a model holds when it has to make room.</summary>
internal interface ISwapListener
{
    /// <summary>Work is under way on it, or waits for it.</summary>
    bool IsBusy { get; }

    /// <summary>The model goes next: nobody uses it, and what is worth it is saved now.</summary>
    Task SaveAsync(CancellationToken cancellationToken);

    /// <summary>The model is gone, or about to be: nothing that is known of its slots holds. Must be quick and must not throw.</summary>
    void Gone();
}
