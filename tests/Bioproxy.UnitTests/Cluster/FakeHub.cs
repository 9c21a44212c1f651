using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>The catalogue between the proxies, in memory: of each key the newest entry counts. Messages wait until they are delivered, in
/// any order, twice, or not at all, as the test wants.</summary>
internal sealed class FakeHub
{
    private readonly Dictionary<string, CatalogueEntry> _state = new(StringComparer.Ordinal);
    private readonly Dictionary<FakeCluster, List<CatalogueEntry>> _inboxes = [];
    private readonly List<CatalogueEntry> _outbox = [];

    /// <summary>What was published since it was cleared.</summary>
    public List<CatalogueEntry> Published { get; } = [];

    public IReadOnlyCollection<CatalogueEntry> State => _state.Values;

    public FakeCluster Join(string name) => new(this, name);

    /// <summary>From now on it is told what others publish; first both tell each other all that they know.</summary>
    public void Connect(FakeCluster member, SharedCatalogue catalogue)
    {
        member.Catalogue = catalogue;
        _inboxes[member] = [];
        _outbox.AddRange(catalogue.Entries);
        catalogue.Merge([.. _state.Values]);
    }

    public void Leave(FakeCluster member) => _inboxes.Remove(member);

    public void Publish(CatalogueEntry entry)
    {
        Published.Add(entry);
        _outbox.Add(entry);
    }

    /// <summary>Delivers one message that waits.</summary>
    public void DeliverOne(Random random)
    {
        if (_outbox.Count > 0 && random.Next(2) == 0)
        {
            Accept(_outbox[0], random);
            _outbox.RemoveAt(0);
            return;
        }

        var waiting = _inboxes.Where(one => one.Value.Count > 0).ToList();
        if (waiting.Count == 0)
            return;
        var (member, inbox) = waiting[random.Next(waiting.Count)];
        var at = random.Next(inbox.Count);
        var entry = inbox[at];
        inbox.RemoveAt(at);
        member.Catalogue!.Merge([entry]);
    }

    /// <summary>Delivers everything, in order, and what follows from it; then everybody is told the whole state.</summary>
    public void DeliverAll()
    {
        for (var isResent = false; ;)
        {
            while (_outbox.Count > 0)
            {
                Accept(_outbox[0], null);
                _outbox.RemoveAt(0);
            }

            foreach (var (member, inbox) in _inboxes)
            {
                List<CatalogueEntry> entries = [.. inbox];
                inbox.Clear();
                member.Catalogue!.Merge(entries);
            }

            if (_outbox.Count > 0)
            {
                isResent = false;
                continue;
            }

            if (isResent)
                return;
            foreach (var member in _inboxes.Keys)
                member.Catalogue!.Merge([.. _state.Values]);
            isResent = true;
        }
    }

    /// <summary>The state is lost; the proxies bring back what they know.</summary>
    public void Rebuild()
    {
        _state.Clear();
        foreach (var member in _inboxes.Keys)
            _outbox.AddRange(member.Catalogue!.Entries);
    }

    private void Accept(CatalogueEntry entry, Random? random)
    {
        if (_state.TryGetValue(entry.Key, out var known) && known.At >= entry.At)
            return;
        _state[entry.Key] = entry;
        foreach (var inbox in _inboxes.Values)
        {
            var copies = random?.Next(10) switch { 0 => 0, 1 => 2, _ => 1 };
            inbox.AddRange(Enumerable.Repeat(entry, copies));
        }
    }
}
