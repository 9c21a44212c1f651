using System.Text;
using System.Text.Json;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>The openings by which side requests are recognised: <c>opening/HASH</c>. The latest are kept, so that a new owner, and a proxy
/// that meets a client's next title first, know them.</summary>
internal sealed class OpeningEntries : ICataloguePart
{
    private const int Most = 512;

    private readonly ConversationTracker _conversations;
    private readonly CataloguePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (byte[] Value, DateTimeOffset At)> _known = new(StringComparer.Ordinal);

    public OpeningEntries(ConversationTracker conversations, CataloguePublisher publisher, TimeProvider time)
    {
        (_conversations, _publisher, _time) = (conversations, publisher, time);
        conversations.Learned = Learned;
    }

    public string Kind => "opening";

    public IEnumerable<(string Name, byte[]? Value, DateTimeOffset At)> Entries
    {
        get
        {
            lock (_lock)
                return [.. _known.Select(static one => (one.Key, (byte[]?)one.Value.Value, one.Value.At))];
        }
    }

    public void Merge(string name, byte[]? value, DateTimeOffset at)
    {
        if (value is null)
        {
            lock (_lock)
                _known.Remove(name);
            return;
        }

        if (JsonSerializer.Deserialize(value, CatalogueJson.Default.OpeningRecord) is not { } record || NameOf(record) != name)
            throw new FormatException("its name is not the one of its key");
        lock (_lock)
            _known[name] = (value, at);
        _conversations.Merge(record.Domain, record.Opening, record.IsRepeated);
    }

    public void Tick()
    {
        List<string> old;
        lock (_lock)
        {
            old = [.. _known.OrderByDescending(static one => one.Value.At).Skip(Most).Select(static one => one.Key)];
            foreach (var name in old)
                _known.Remove(name);
        }

        foreach (var name in old)
            _publisher.Publish(Kind, name, null, _time.GetUtcNow());
    }

    private void Learned(string? domain, ulong opening, bool isRepeated)
    {
        var record = new OpeningRecord(domain, opening, isRepeated);
        var (value, at) = (JsonSerializer.SerializeToUtf8Bytes(record, CatalogueJson.Default.OpeningRecord), _time.GetUtcNow());
        lock (_lock)
            _known[NameOf(record)] = (value, at);
        _publisher.Publish(Kind, NameOf(record), value, at);
    }

    private static string NameOf(OpeningRecord record) =>
        ChainHash.Of(Encoding.UTF8.GetBytes($"{record.IsRepeated} {record.Opening:x} {record.Domain}")).ToString();
}
