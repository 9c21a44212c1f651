using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Preambles;

/// <summary>How the latest conversations began, within bounds. Guarded by the lock of its owner.</summary>
/// <remarks>Sorted by domain and bytes, and none is the beginning of another: so the one that a prompt shares most with stands beside the
/// prompt's own place, and so does the only one that the prompt may go on from. A few comparisons tell, however many there are.</remarks>
internal sealed class Beginnings
{
    private const int MaxCount = 64;
    private const int MaxBytes = 8 << 20;

    private readonly List<Beginning> _sorted = [];
    private int _bytes;
    private long _uses;

    /// <summary>Adds a prompt that begins a conversation of its own.</summary>
    /// <returns>The bytes that it shares with the most similar other one; null for a prompt of a conversation that is known.</returns>
    public int? Add(CanonicalPrompt prompt)
    {
        var place = PlaceOf(prompt);
        var most = 0;
        for (var i = Math.Max(0, place - 1); i < Math.Min(_sorted.Count, place + 1); i++)
        {
            if (_sorted[i].Domain != prompt.Domain)
                continue;
            var shared = prompt.Text.CommonPrefixLength(_sorted[i].Text);
            if (shared == _sorted[i].Text.Length || shared == prompt.Text.Length)
            {
                _sorted[i].LastUse = ++_uses;
                return null;
            }

            most = Math.Max(most, shared);
        }

        if (prompt.Session is not null && OfSession(prompt) is { } session)
        {
            session.LastUse = ++_uses;
            return null;
        }

        _sorted.Insert(place, new Beginning(prompt.Text.ToArray(), prompt.Domain, prompt.Session) { LastUse = ++_uses });
        _bytes += prompt.Text.Length;
        while (_sorted.Count > 1 && (_sorted.Count > MaxCount || _bytes > MaxBytes))
            Remove(_sorted.MinBy(static one => one.LastUse)!);
        return most;
    }

    /// <summary>Where the prompt stands, or would.</summary>
    private int PlaceOf(CanonicalPrompt prompt)
    {
        var (from, to) = (0, _sorted.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            var order = string.CompareOrdinal(_sorted[middle].Domain, prompt.Domain);
            if (order == 0)
                order = _sorted[middle].Text.AsSpan().SequenceCompareTo(prompt.Text);
            (from, to) = order < 0 ? (middle + 1, to) : (from, middle);
        }

        return from;
    }

    /// <summary>One that the client says is the same conversation. A name that a client uses for all its conversations tells nothing of one
    /// that begins otherwise.</summary>
    private Beginning? OfSession(CanonicalPrompt prompt) => _sorted.Find(one => one.Session == prompt.Session
        && one.Domain == prompt.Domain
        && !(prompt.IsSessionShared && prompt.Text.CommonPrefixLength(one.Text) < prompt.FirstMessageEnd));

    private void Remove(Beginning beginning)
    {
        _sorted.Remove(beginning);
        _bytes -= beginning.Text.Length;
    }

    private sealed record Beginning(byte[] Text, string? Domain, string? Session)
    {
        public long LastUse { get; set; }
    }
}
