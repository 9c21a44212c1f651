namespace Bioproxy.Host.Backends;

/// <summary>Keeps what a model holds when it has to make room.</summary>
internal interface ISwapListener
{
    /// <summary>Work is under way on it, or waits for it.</summary>
    bool IsBusy { get; }

    /// <summary>Seconds that its going costs: its work is waited for, and what its slots hold has to be computed or restored again, as far
    /// as it is expected to be asked for again.</summary>
    double LeaveSeconds => 0;

    /// <summary>The model goes next: nobody uses it, and what is worth it is saved now.</summary>
    Task SaveAsync(CancellationToken cancellationToken);

    /// <summary>The model is gone, or about to be: nothing that is known of its slots holds. Must be quick and must not throw.</summary>
    void Gone();
}
