using System.Globalization;
using Bioproxy.Abstractions;

namespace Bioproxy.Redactor;

/// <summary>
/// The placeholders of one request. A placeholder is <c>[NAME_n]</c>; n counts the distinct secrets of that name in the order in which the
/// prompt first has them, so a conversation that only grows keeps its placeholders from turn to turn, and with them its KV cache.
/// </summary>
/// <remarks>
/// Invariant: with <c>restore</c> every stretch of the masked texts that has the shape of a placeholder is one of this map, and restoring
/// gives back what stood there. A text that had the shape before is masked like a secret (see <see cref="Masking"/>), and masking makes no
/// new shape by chance, because a placeholder has brackets at its two ends and nowhere else.
/// </remarks>
internal sealed class PlaceholderMap
{
    /// <summary>
    /// Secrets of at least this length are masked everywhere after their first occurrence, whether or not a pattern matches there.
    /// </summary>
    public const int KnownLength = 6;

    private static readonly object StateKey = new();

    private readonly Dictionary<string, string> _placeholders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _secrets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _known = new(StringComparer.Ordinal);
    private int _longest;

    /// <summary>The number of secrets.</summary>
    public int Count => _secrets.Count;

    /// <summary>The map that the prompt's transform stored for the response; null when nothing was masked.</summary>
    public static PlaceholderMap? Of(PromptContext prompt) =>
        prompt.State.TryGetValue(StateKey, out var map) ? map as PlaceholderMap : null;

    /// <summary>Stores it for the response.</summary>
    public void LeaveIn(PromptContext prompt) => prompt.State[StateKey] = this;

    /// <summary>The placeholder of a secret; a new one for a new secret.</summary>
    /// <param name="name">The name in a new placeholder.</param>
    /// <param name="secret">The secret.</param>
    public string PlaceholderOf(string name, string secret)
    {
        if (_placeholders.TryGetValue(secret, out var placeholder))
            return placeholder;
        var number = _numbers[name] = _numbers.GetValueOrDefault(name) + 1;
        placeholder = string.Create(CultureInfo.InvariantCulture, $"[{name}_{number}]");
        _placeholders.Add(secret, placeholder);
        _secrets.Add(placeholder, secret);
        _longest = Math.Max(_longest, placeholder.Length);
        Know(secret);
        return placeholder;
    }

    /// <summary>Adds the places of secrets that are known already.</summary>
    public void FindKnown(string text, List<SecretSpan> found)
    {
        if (_known.Count == 0)
            return;
        var known = _known.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var at = 0; at + KnownLength <= text.Length; at++)
        {
            if (!known.TryGetValue(text.AsSpan(at, KnownLength), out var secrets))
                continue;
            foreach (var secret in secrets)
            {
                if (string.CompareOrdinal(text, at, secret, 0, secret.Length) == 0)
                    found.Add(new SecretSpan(at, at + secret.Length, NameOf(secret), int.MaxValue));
            }
        }
    }

    /// <summary>The placeholder that begins here, as it was sent, and its secret.</summary>
    /// <returns>The placeholder's length; 0 when there is none.</returns>
    public int At(ReadOnlySpan<char> text, out string secret)
    {
        var end = text[..Math.Min(text.Length, _longest)].IndexOf(']') + 1;
        return _secrets.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..end], out secret!) ? end : 0;
    }

    /// <summary>Whether more text could make this a placeholder: it is shorter than one that begins so.</summary>
    public bool IsBeginning(ReadOnlySpan<char> text)
    {
        if (text.Length >= _longest)
            return false;
        foreach (var placeholder in _secrets.Keys)
        {
            if (placeholder.Length > text.Length && placeholder.StartsWith(text, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private string NameOf(string secret)
    {
        var placeholder = _placeholders[secret];
        return placeholder[1..placeholder.LastIndexOf('_')];
    }

    private void Know(string secret)
    {
        if (secret.Length < KnownLength)
            return;
        var head = secret[..KnownLength];
        if (!_known.TryGetValue(head, out var secrets))
            _known.Add(head, secrets = []);
        secrets.Add(secret);
    }
}
