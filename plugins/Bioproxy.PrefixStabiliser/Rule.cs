using System.Text;
using System.Text.RegularExpressions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>A rule: what is volatile, where to look, and what becomes of it.</summary>
/// <param name="name">Its name in logs.</param>
/// <param name="match">Matches in linear time.</param>
/// <param name="isLine">Whether whole lines are taken, or what was matched.</param>
/// <param name="action">What becomes of matches.</param>
/// <param name="places">Where it looks.</param>
internal sealed class Rule(string name, Regex match, bool isLine, RuleAction action, RulePlaces places)
{
    /// <summary>Its name in logs.</summary>
    public string Name => name;

    /// <summary>What becomes of matches.</summary>
    public RuleAction Action => action;

    /// <summary>Whether matches are moved after the stable part, or removed.</summary>
    public bool Moves => action == RuleAction.Move;

    /// <summary>Where it looks.</summary>
    public RulePlaces Places => places;

    /// <summary>Removes the matches.</summary>
    /// <param name="text">The text.</param>
    /// <param name="taken">Receives the removed texts, trimmed.</param>
    /// <returns>The remaining text; <paramref name="text"/> itself when nothing was taken.</returns>
    public string Take(string text, List<string> taken) => isLine ? TakeLines(text, taken) : TakeMatches(text, taken);

    /// <summary>Replaces the matches; lines that follow each other are one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="replacement">Gives what stands in place of a match; the same to change nothing.</param>
    /// <returns><paramref name="text"/> itself when nothing changed.</returns>
    public string Replace(string text, Func<string, string> replacement)
    {
        StringBuilder? result = null;
        var copied = 0;
        foreach (var (start, end) in isLine ? LinesOf(text) : MatchesOf(text))
        {
            var found = text[start..end];
            var other = replacement(found);
            if (string.Equals(found, other, StringComparison.Ordinal))
                continue;
            (result ??= new StringBuilder(text.Length)).Append(text, copied, start - copied).Append(other);
            copied = end;
        }

        return result?.Append(text, copied, text.Length - copied).ToString() ?? text;
    }

    /// <summary>The stretches of lines that match, without the line end behind the last one.</summary>
    private List<(int Start, int End)> LinesOf(string text)
    {
        var found = new List<(int Start, int End)>();
        var isBehind = false;
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at);
            end = end < 0 ? text.Length : end;
            var line = text.AsSpan(at, end - at).TrimEnd('\r');
            var isMatch = !line.IsEmpty && match.IsMatch(line);
            if (isMatch && isBehind)
                found[^1] = (found[^1].Start, at + line.Length);
            else if (isMatch)
                found.Add((at, at + line.Length));
            isBehind = isMatch;
            at = end + 1;
        }

        return found;
    }

    private List<(int Start, int End)> MatchesOf(string text)
    {
        var found = new List<(int Start, int End)>();
        foreach (var one in match.EnumerateMatches(text))
        {
            var end = one.Index + one.Length;
            if (one.Length > 0 && !IsWithinCharacter(text, one.Index) && !IsWithinCharacter(text, end))
                found.Add((one.Index, end));
        }

        return found;
    }

    /// <summary>An empty line is never taken. A line goes with the line end behind it, the last one with that before it, so that
    /// the text is the same whether or not the line was ever there.</summary>
    private string TakeLines(string text, List<string> taken)
    {
        StringBuilder? left = null;
        var copied = 0;
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at);
            var next = end < 0 ? text.Length : end + 1;
            var line = text.AsSpan(at, (end < 0 ? text.Length : end) - at).TrimEnd('\r');
            if (!line.IsEmpty && match.IsMatch(line))
            {
                taken.Add(line.Trim().ToString());
                (left ??= new StringBuilder(text.Length)).Append(text, copied, at - copied);
                copied = next;
                if (end < 0)
                    CutLineEnd(left);
            }

            at = next;
        }

        return left?.Append(text, copied, text.Length - copied).ToString() ?? text;
    }

    private string TakeMatches(string text, List<string> taken)
    {
        StringBuilder? left = null;
        var copied = 0;
        foreach (var found in match.EnumerateMatches(text))
        {
            // A surrogate pair is never cut in half.
            var start = Math.Max(copied, IsWithinCharacter(text, found.Index) ? found.Index - 1 : found.Index);
            var end = IsWithinCharacter(text, found.Index + found.Length) ? found.Index + found.Length + 1 : found.Index + found.Length;
            if (found.Length == 0 || start >= end)
                continue;
            taken.Add(text.AsSpan(start, end - start).Trim().ToString());
            (left ??= new StringBuilder(text.Length)).Append(text, copied, start - copied);
            copied = end;
        }

        return left?.Append(text, copied, text.Length - copied).ToString() ?? text;
    }

    private static void CutLineEnd(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] == '\n')
            text.Length--;
        if (text.Length > 0 && text[^1] == '\r')
            text.Length--;
    }

    private static bool IsWithinCharacter(string text, int at) =>
        at > 0 && at < text.Length && char.IsSurrogatePair(text[at - 1], text[at]);
}
