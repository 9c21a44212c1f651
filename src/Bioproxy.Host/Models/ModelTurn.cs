using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>
/// A turn at a model instance: the lease, and the placement made under it. Ending it settles the placement and returns the lease, each
/// exactly once and whatever happened before. A turn that another proxy granted ends there.
/// </summary>
internal sealed class ModelTurn
{
    /// <summary>Where the server ends again and again, a prompt is sent as it is after the second time.</summary>
    private const int MostOutlived = 2;

    private ModelInstance? _instance;
    private Lease? _lease;
    private Placement? _placement;
    private SwapPass? _pass;
    private int _outlived;

    /// <summary>The model may be used; it is not made to go before this turn has ended. Null where it never is.</summary>
    public void Enter(SwapPass? pass) => _pass = pass;

    /// <summary>The lease was granted.</summary>
    public void Begin(ModelInstance instance, Lease lease) => (_instance, _lease) = (instance, lease);

    /// <summary>An earlier owner granted it: the slot is taken where it is free, and what it holds afterwards is not known.</summary>
    public void Adopt(ModelInstance instance, Lease lease, int? slot)
    {
        Begin(instance, lease);
        // Where it cannot be taken, the slot list shows it as others' work, or is polled first.
        _placement = new Placement { Work = slot is { } taken ? instance.Table.TryBeginStash(taken) : null };
    }

    /// <summary>Decides and prepares where the prompt goes.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async ValueTask<Placement> PlaceAsync(CanonicalPrompt? prompt, string? domain, CancellationToken clientGone) =>
        _placement = _lease!.Remote?.Placement
            ?? await _instance!.PlaceAsync(prompt, domain, _lease.Weight, _lease.Lane, clientGone).ConfigureAwait(false);

    /// <summary>Whether the server ended while the prompt was being placed: what was decided is void, and the instance that has taken the
    /// place of the one that was asked knows nothing of it.</summary>
    public bool IsOutlived(ServedModel model) =>
        _lease!.Remote is null && !ReferenceEquals(model.Current, _instance) && _outlived++ < MostOutlived;

    /// <summary>The backend's first byte came.</summary>
    public void Started()
    {
        if (_placement is null)
            return;
        if (_lease!.Remote is { } remote)
            remote.Started();
        else
            _instance!.Started(_placement);
    }

    /// <summary>Settles and returns what was begun; another turn may begin after that.</summary>
    /// <param name="outcome">How the work ended.</param>
    /// <param name="failed">What settling threw: the lease comes back all the same.</param>
    public async ValueTask EndAsync(WorkOutcome outcome, Action<Exception> failed)
    {
        var pass = _pass;
        _pass = null;
        try
        {
            await SettleAsync(outcome, failed).ConfigureAwait(false);
        }
        finally
        {
            pass?.Dispose();
        }
    }

    /// <summary>Something was begun that has to be settled.</summary>
    public bool HasBegun => _instance is not null;

    private async ValueTask SettleAsync(WorkOutcome outcome, Action<Exception> failed)
    {
        if (_instance is not { } instance)
            return;
        var (lease, placement) = (_lease!, _placement);
        (_instance, _placement) = (null, null);
        try
        {
            if (lease.Remote is { } remote)
                remote.End(outcome);
            else if (placement is not null)
                await instance.SettleAsync(placement, outcome).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failed(e);
        }
        finally
        {
            instance.Return(lease);
        }
    }
}
