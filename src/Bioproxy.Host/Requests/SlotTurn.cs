using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Requests;

/// <summary>
/// A request's turn at a model instance: the lease, and the placement made under it. Disposal settles the placement and returns the lease,
/// each exactly once and whatever happened before. Disposed when the answer has ended, so that no client waits for the settlement. A
/// request that is tried in several places takes one turn after the other.
/// </summary>
internal sealed class SlotTurn(Exchange exchange, RequestReport report) : IAsyncDisposable
{
    private ModelInstance? _instance;
    private Lease? _lease;
    private Placement? _placement;
    private SwapPass? _pass;

    /// <summary>How the work ended; until it is set, that is unknown.</summary>
    public WorkOutcome Outcome { get; set; }

    /// <summary>The model may be used; it is not made to go before this turn has ended. Null where it never is.</summary>
    public void Enter(SwapPass? pass) => _pass = pass;

    /// <summary>The lease was granted.</summary>
    public void Begin(ModelInstance instance, Lease lease) => (_instance, _lease) = (instance, lease);

    /// <summary>Decides and prepares where the prompt goes.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async ValueTask<Placement> PlaceAsync(PreparedRequest asked, CancellationToken clientGone) =>
        _placement = await _instance!.PlaceAsync(asked.Canonical, asked.Domain, _lease!.Weight, _lease.Lane, clientGone)
            .ConfigureAwait(false);

    /// <summary>The backend's first byte came.</summary>
    public void Started()
    {
        if (_placement is not null)
            _instance!.Started(_placement);
    }

    public ValueTask DisposeAsync() => EndAsync();

    /// <summary>Settles and returns what was begun; another turn may begin after that.</summary>
    public async ValueTask EndAsync()
    {
        var pass = _pass;
        _pass = null;
        try
        {
            await SettleAsync().ConfigureAwait(false);
        }
        finally
        {
            pass?.Dispose();
        }
    }

    private async ValueTask SettleAsync()
    {
        if (_instance is not { } instance)
            return;
        _instance = null;
        try
        {
            if (_placement is not null)
                await instance.SettleAsync(_placement, Outcome).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            report.Bug(exchange, e); // the answer has ended; only the lease must come back
        }
        finally
        {
            _placement = null;
            instance.Return(_lease!);
        }
    }
}
