using System.IO.Hashing;
using System.Threading.Channels;
using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Silos;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Cluster.Catalogue;

/// <summary>Keeps a proxy's copy of the catalogue and the cluster's in step: brings what the proxy wrote until it has arrived, gives
/// the proxy what others wrote.</summary>
internal sealed class CatalogueCopy(Func<SiloRun?> silo, IClusterHost host, string proxy, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _callLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, CatalogueEntry> _pending = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (DateTimeOffset At, ulong Hash)> _known = new(StringComparer.Ordinal);
    private readonly Channel<CatalogueEntry[]> _received = Channel.CreateUnbounded<CatalogueEntry[]>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _wake = new(0, 1);
    private Guid _activation;
    private long _seen;

    /// <summary>The last call arrived, and the catalogue could be written.</summary>
    public bool CanSave { get; private set; }

    /// <summary>Brings an entry with the next call. Of several entries of a key the newest one is brought: they may be published in another
    /// order than that of their times.</summary>
    public void Publish(CatalogueEntry entry)
    {
        lock (_gate)
        {
            if (!_pending.TryGetValue(entry.Key, out var other) || other.At <= entry.At) _pending[entry.Key] = entry;
        }

        Wake();
    }

    /// <summary>The catalogue tells what another proxy wrote.</summary>
    public void Receive(CatalogueEntry[] entries)
    {
        _received.Writer.TryWrite(entries);
        Wake();
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        // Others may tell something before this proxy has asked for the first time: what it has itself may be newer.
        var all = host.Entries;
        lock (_gate)
        {
            foreach (var entry in all) Note(entry);
        }

        while (!stopping.IsCancellationRequested)
        {
            var again = false;
            try
            {
                while (_received.Reader.TryRead(out var entries)) Merge(entries);
                again = await SyncAsync(stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                CanSave = false;
                log.CatalogueNotReached(error.Message);
            }

            if (!again) await ((Task)_wake.WaitAsync(_period, stopping)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>True when there is more to bring.</returns>
    private async Task<bool> SyncAsync(CancellationToken stopping)
    {
        if (silo() is not { } run)
        {
            CanSave = false;
            return false;
        }

        CatalogueEntry[] sent;
        lock (_gate) sent = [.. _pending.Values];
        var request = new CatalogueSync { Proxy = proxy, Activation = _activation, Seen = _seen, Entries = sent };
        var reply = await run.Grains.GetGrain<ICatalogueGrain>(ICatalogueGrain.Key).Sync(request)
            .WaitAsync(_callLimit, time, stopping);
        Acknowledge(sent);
        var isNew = reply.Activation != _activation;
        if (isNew) BringNewer(reply.Entries);
        Merge(reply.Entries);
        CanSave = reply.CanSave;
        (_activation, _seen) = (reply.Activation, reply.Sequence);
        return isNew;
    }

    /// <summary>The catalogue did not know this proxy, and may not know what it knows: Redis may have lost everything.</summary>
    private void BringNewer(CatalogueEntry[] cluster)
    {
        var times = cluster.ToDictionary(static entry => entry.Key, static entry => entry.At, StringComparer.Ordinal);
        var all = host.Entries;
        lock (_gate)
        {
            foreach (var entry in all)
            {
                Note(entry);
                if (!times.TryGetValue(entry.Key, out var at) || at < entry.At) _pending.TryAdd(entry.Key, entry);
            }
        }
    }

    private void Acknowledge(CatalogueEntry[] sent)
    {
        lock (_gate)
        {
            foreach (var entry in sent)
            {
                if (_pending.TryGetValue(entry.Key, out var last) && ReferenceEquals(last, entry)) _pending.Remove(entry.Key);
                Note(entry);
            }
        }
    }

    private void Merge(CatalogueEntry[] entries)
    {
        var newer = new List<CatalogueEntry>(entries.Length);
        lock (_gate)
        {
            foreach (var entry in entries)
            {
                var isOld = _pending.TryGetValue(entry.Key, out var own) && own.At > entry.At;
                if (!isOld && Note(entry)) newer.Add(entry);
            }
        }

        if (newer.Count > 0) host.Merge(newer);
    }

    /// <returns>False when this proxy has it already, or something newer. The caller has the lock.</returns>
    private bool Note(CatalogueEntry entry)
    {
        var version = (entry.At, entry.Value is { } value ? XxHash3.HashToUInt64(value) : 0);
        if (_known.TryGetValue(entry.Key, out var known) && (known.At > entry.At || known == version)) return false;
        _known[entry.Key] = version;
        return true;
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }
}
