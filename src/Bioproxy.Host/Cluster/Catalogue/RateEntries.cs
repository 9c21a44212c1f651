using System.Text.Json;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>How fast models are: <c>rates/FINGERPRINT</c>, with the figures that were measured. Told every half minute where they have
/// changed by more than <see cref="RatesByModel"/> ignores.</summary>
internal sealed class RateEntries(RatesByModel rates, CataloguePublisher publisher) : ICataloguePart
{
    private readonly Dictionary<string, DateTimeOffset> _told = new(StringComparer.Ordinal);

    public string Kind => "rates";

    public IEnumerable<(string Name, byte[]? Value, DateTimeOffset At)> Entries =>
        rates.Measured.Select(one => (one.Identity, (byte[]?)JsonOf(one.Identity), one.At));

    public void Merge(string name, byte[]? value, DateTimeOffset at)
    {
        if (value is null || JsonSerializer.Deserialize(value, StateJson.Default.DictionaryStringDouble) is not { } figures)
            return;
        lock (_told)
        {
            if (at > _told.GetValueOrDefault(name))
                _told[name] = at;
        }

        rates.Merge(name, figures, at);
    }

    public void Tick()
    {
        foreach (var (identity, at) in rates.Measured)
        {
            lock (_told)
            {
                if (at <= _told.GetValueOrDefault(identity))
                    continue;
                _told[identity] = at;
            }

            publisher.Publish(Kind, identity, JsonOf(identity), at);
        }
    }

    private byte[] JsonOf(string identity) =>
        JsonSerializer.SerializeToUtf8Bytes(rates.Of(identity), StateJson.Default.DictionaryStringDouble);
}
