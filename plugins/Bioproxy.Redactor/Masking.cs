using System.Text;

namespace Bioproxy.Redactor;

/// <summary>Masks the texts of one prompt, one after the other.</summary>
/// <remarks>
/// The result for a text depends only on it and the texts before it: a conversation's older turns stay as they
/// were. Matches that overlap are one secret, from the beginning of the first to the end of the last, so that no rest of a match is sent.
/// Besides what the patterns find, every secret that is known from before is masked: what an answer got back must be masked again in the
/// next turn, even where the words around it no longer fit the pattern.
/// </remarks>
/// <param name="patterns">The patterns.</param>
/// <param name="hidesLookAlikes">Whether texts that look like a placeholder get one of their own. Needed wherever answers are restored:
/// otherwise an answer that repeats such a text would receive a secret in its place. Without restoring, they are placeholders of earlier
/// answers and stay.</param>
internal sealed class Masking(PatternSet patterns, bool hidesLookAlikes)
{
    private readonly List<SecretSpan> _found = [];

    /// <summary>The placeholders so far.</summary>
    public PlaceholderMap Map { get; } = new();

    /// <summary>The number of masked places.</summary>
    public int Masked { get; private set; }

    /// <summary>Masks a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="secrets">Whether its secrets are masked; a text that looks like a placeholder is in any case.</param>
    /// <returns>The masked text; <paramref name="text"/> itself when nothing was found.</returns>
    public string Mask(string text, bool secrets)
    {
        _found.Clear();
        if (hidesLookAlikes)
            FindLookAlikes(text);
        if (secrets)
        {
            FindByPattern(text);
            Merge(text);
            foreach (var span in _found)
                Map.PlaceholderOf(span.Name, text[span.Start..span.End]);
            Map.FindKnown(text, _found);
        }

        Merge(text);
        return Replace(text);
    }

    /// <summary>The number of secrets in a text that cannot be edited. They get no placeholders.</summary>
    public int CountSecrets(string text)
    {
        _found.Clear();
        FindByPattern(text);
        Map.FindKnown(text, _found);
        Merge(text);
        return _found.Count;
    }

    private void FindByPattern(string text)
    {
        for (var rank = 0; rank < patterns.Patterns.Count; rank++)
            patterns.Patterns[rank].Find(text, rank, _found);
    }

    private void FindLookAlikes(string text)
    {
        foreach (var match in patterns.LookAlike!.EnumerateMatches(text))
        {
            var name = text.AsSpan(match.Index + 1, match.Length - 2);
            _found.Add(new SecretSpan(match.Index, match.Index + match.Length, name[..name.LastIndexOf('_')].ToString(), int.MaxValue));
        }
    }

    /// <summary>
    /// Sorts the matches, merges overlapping ones, and extends them to whole surrogate pairs.
    /// </summary>
    private void Merge(string text)
    {
        _found.Sort();
        var count = 0;
        for (var i = 0; i < _found.Count; i++)
        {
            var span = WholeCharacters(text, _found[i]);
            if (count > 0 && span.Start < _found[count - 1].End)
                _found[count - 1] = _found[count - 1] with { End = Math.Max(_found[count - 1].End, span.End) };
            else
                _found[count++] = span;
        }

        _found.RemoveRange(count, _found.Count - count);
    }

    private static SecretSpan WholeCharacters(string text, SecretSpan span) => span with
    {
        Start = IsWithinCharacter(text, span.Start) ? span.Start - 1 : span.Start,
        End = IsWithinCharacter(text, span.End) ? span.End + 1 : span.End,
    };

    private static bool IsWithinCharacter(string text, int at) =>
        at > 0 && at < text.Length && char.IsSurrogatePair(text[at - 1], text[at]);

    private string Replace(string text)
    {
        if (_found.Count == 0)
            return text;
        var result = new StringBuilder(text.Length);
        var at = 0;
        foreach (var span in _found)
        {
            result.Append(text, at, span.Start - at).Append(Map.PlaceholderOf(span.Name, text[span.Start..span.End]));
            at = span.End;
        }

        Masked += _found.Count;
        return result.Append(text, at, text.Length - at).ToString();
    }
}
