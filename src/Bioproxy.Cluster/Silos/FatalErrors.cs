namespace Bioproxy.Cluster.Silos;

/// <summary>Orleans ends the process when the others declared its silo dead. A proxy goes on alone, and joins again with a new
/// silo.</summary>
internal sealed class FatalErrors : IFatalErrorHandler
{
    private readonly CancellationTokenSource _died = new();

    public CancellationToken Died => _died.Token;

    public string? Reason { get; private set; }

    /// <summary>It is stopping: what fails now does not matter.</summary>
    public bool IsStopping { get; set; }

    public bool IsUnexpected(Exception exception) => !(IsStopping && exception is OperationCanceledException or ObjectDisposedException);

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        if (IsStopping) return;
        Reason ??= exception?.Message ?? context ?? "unknown";

        // Not on Orleans' thread, which may hold what its callbacks wait for.
        _ = _died.CancelAsync();
    }
}
