namespace Bioproxy.IntegrationTests;

/// <summary>One slot action that a <see cref="Relay"/> holds.</summary>
internal sealed class RelayHold(string action, bool isAnswered)
{
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsAnswered => isAnswered;

    /// <summary>The proxy has sent it.</summary>
    public Task Sent => _sent.Task;

    /// <summary>It, or its answer, is held.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Lets it continue.</summary>
    public void Release() => _released.TrySetResult();

    /// <summary>Loses it: the connection ends.</summary>
    public void Drop() => _released.TrySetException(new IOException("It was dropped."));

    /// <summary>Skips the proxy's probes of what the server can do.</summary>
    internal bool IsMeant(string request)
    {
        var isMeant = request.StartsWith("POST /slots/", StringComparison.Ordinal)
            && request.Contains($"?action={action} ", StringComparison.Ordinal)
                && request.Contains("\"bioproxy-", StringComparison.Ordinal);
        if (isMeant)
            _sent.TrySetResult();
        return isMeant;
    }

    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopped.TrySetResult();
        await _released.Task.WaitAsync(cancellationToken);
    }
}
