using Bioproxy.Host.Http;

namespace Bioproxy.Host.Requests;

/// <summary>A request that is being served, until disposed. A gated one is in the <see cref="RequestJournal"/>, and can be
/// cancelled.</summary>
internal sealed class ActiveRequest : IDisposable
{
    private readonly RequestJournal? _journal;
    private readonly CancellationTokenSource? _ended;
    private readonly Lock _lock = new();
    private bool _isDisposed;

    /// <param name="exchange">The request.</param>
    /// <param name="journal">Where it is listed; null for nowhere.</param>
    /// <param name="clientGone">The client's leaving.</param>
    public ActiveRequest(Exchange exchange, RequestJournal? journal, CancellationToken clientGone)
    {
        Exchange = exchange;
        Gone = clientGone;
        if (journal is null)
            return;
        _journal = journal;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        Gone = _ended.Token;
    }

    /// <summary>What the client gets.</summary>
    public static ProxyFailure Cancelled { get; } = new(FailureKind.Cancelled, "An operator cancelled this request.");

    public Exchange Exchange { get; }

    /// <summary>Cancelled when the client left or an operator cancelled it.</summary>
    public CancellationToken Gone { get; }

    /// <summary>Ends it wherever it is, as if its client had left; a client that has received nothing yet is told why.</summary>
    public void Cancel()
    {
        CancellationTokenSource? ended;
        lock (_lock)
            ended = _isDisposed ? null : _ended;
        if (ended is null)
            return;
        Exchange.Progress.IsCancelled = true;
        _ = CancelAsync(ended);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        _journal?.Remove(this);
        _ended?.Dispose();
        Exchange.Trace?.End(Exchange);
    }

    /// <summary>Not on the caller's thread: what the token ends may take a while.</summary>
    private static async Task CancelAsync(CancellationTokenSource ended)
    {
        try
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }
    }
}
