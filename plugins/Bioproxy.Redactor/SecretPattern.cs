using System.Text.RegularExpressions;

namespace Bioproxy.Redactor;

/// <summary>One pattern. What its group <c>secret</c> matched is the secret; without such a group, the whole match.</summary>
internal sealed class SecretPattern
{
    private readonly Regex _regex;
    private readonly int _group;

    /// <summary>Compiles a pattern.</summary>
    /// <param name="name">The name in the placeholder.</param>
    /// <param name="pattern">The regular expression.</param>
    /// <exception cref="ArgumentException">It does not compile.</exception>
    /// <exception cref="NotSupportedException">It cannot be matched in linear time.</exception>
    public SecretPattern(string name, string pattern)
    {
        Name = name;
        _regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        _group = _regex.GroupNumberFromName("secret");
    }

    /// <summary>The name in the placeholder.</summary>
    public string Name { get; }

    /// <summary>Adds its matches, except empty ones.</summary>
    public void Find(string text, int rank, List<SecretSpan> found)
    {
        if (_group < 0)
        {
            foreach (var match in _regex.EnumerateMatches(text))
                Add(match.Index, match.Length, rank, found);
            return;
        }

        for (var match = _regex.Match(text); match.Success; match = match.NextMatch())
        {
            var secret = match.Groups[_group] is { Success: true } group ? group : match;
            Add(secret.Index, secret.Length, rank, found);
        }
    }

    private void Add(int start, int length, int rank, List<SecretSpan> found)
    {
        if (length > 0)
            found.Add(new SecretSpan(start, start + length, Name, rank));
    }
}
