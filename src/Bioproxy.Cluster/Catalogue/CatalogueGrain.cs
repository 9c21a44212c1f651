using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Proxies;
using Bioproxy.Cluster.Silos;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Storage;

namespace Bioproxy.Cluster.Catalogue;

/// <summary>Keeps the catalogue in memory, tells all proxies what changed, and writes it to Redis at most once a second. It answers
/// without Redis too: what the proxies bring is all there is then, and nothing new may be saved.</summary>
[Reentrant]
[KeepAlive]
[GrainType("bioproxy.catalogue")]
internal sealed class CatalogueGrain(
    [FromKeyedServices(SiloSetup.Storage)] IGrainStorage storage,
    IClusterMembershipService membership,
    ProxySide side) : Grain, ICatalogueGrain
{
    private const int SavesBetweenReads = 10;

    private static readonly TimeSpan _savePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _tombstoneAge = TimeSpan.FromDays(1);

    private readonly Guid _activation = Guid.NewGuid();
    private readonly CatalogueIndex _index = new();
    private readonly GrainState<CatalogueState> _stored = new(new CatalogueState());
    private bool _isRead;
    private bool _isDirty;
    private bool _hasFailed;
    private int _saves;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await SaveAsync();
        this.RegisterGrainTimer(SaveAsync, new GrainTimerCreationOptions(_savePeriod, _savePeriod) { KeepAlive = true });
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => await SaveAsync();

    public Task<CatalogueReply> Sync(CatalogueSync request)
    {
        var before = _index.Sequence;
        var lost = new List<CatalogueEntry>();
        var taken = _index.Merge(request.Entries, lost);
        if (taken.Count > 0)
        {
            _isDirty = true;
            Tell(taken, request.Proxy);
        }

        var isKnown = request.Activation == _activation;
        var sent = taken.ToHashSet(ReferenceEqualityComparer.Instance);
        var unseen = _index.Since(isKnown ? Math.Min(request.Seen, before) : 0).Where(entry => !sent.Contains(entry));
        return Task.FromResult(new CatalogueReply
        {
            Activation = _activation,
            Sequence = _index.Sequence,
            CanSave = _isRead && !_hasFailed,
            Entries = [.. unseen.Union(lost)],
        });
    }

    /// <summary>The proxies hear of it at once; one that misses it gets it with its next call.</summary>
    private void Tell(List<CatalogueEntry> entries, string? except)
    {
        var message = entries.ToArray();
        foreach (var member in membership.CurrentSnapshot.Members.Values)
        {
            if (member.Status == SiloStatus.Active && member.Name != except)
                GrainFactory.GetGrain<IProxyGrain>(member.Name).Changed(message).Ignore();
        }
    }

    private async Task SaveAsync()
    {
        try
        {
            // Now and then although nothing asks for it: should there be two of these for a while, what the other one wrote is found.
            if (!_isRead || ++_saves % SavesBetweenReads == 0) await ReadAsync();
            if (_index.Forget(side.Time.GetUtcNow() - _tombstoneAge) > 0) _isDirty = true;
            if (!_isDirty) return;
            _isDirty = false;
            _stored.State = new CatalogueState { Entries = _index.All };
            await storage.WriteStateAsync("catalogue", this.GetGrainId(), _stored);
            _hasFailed = false;
        }
        catch (InconsistentStateException)
        {
            // Redis lost what it had, or another activation wrote: what is there now is merged, and all of it written again.
            _isRead = false;
            _isDirty = true;
            _hasFailed = true;
        }
        catch (Exception error)
        {
            _isDirty |= _isRead;
            if (!_hasFailed) side.Log.CatalogueNotSaved(error.Message);
            _hasFailed = true;
        }
    }

    private async Task ReadAsync()
    {
        await storage.ReadStateAsync("catalogue", this.GetGrainId(), _stored);
        _isRead = true;
        _hasFailed = false;
        var lost = new List<CatalogueEntry>();
        var stored = _stored.State?.Entries ?? [];
        var taken = _index.Merge(stored, lost);
        if (lost.Count > 0 || _index.Count > stored.Length) _isDirty = true;
        if (taken.Count > 0) Tell(taken, except: null);
    }
}
