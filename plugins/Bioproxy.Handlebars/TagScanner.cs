using System.Text.RegularExpressions;

namespace Bioproxy.Handlebars;

/// <summary>Finds the tags of a template like the library's tokenizer, which does not report the partials a template names.</summary>
internal static partial class TagScanner
{
    /// <summary>The tags in the order of the text; not those that are escaped or in a comment.</summary>
    public static IEnumerable<Tag> Scan(string text)
    {
        foreach (Match match in Tokens().Matches(text))
        {
            if (!match.Groups["tag"].Success)
                continue;
            var kind = match.Groups["partial"].Success ? TagKind.Partial : match.Groups["inline"].Success ? TagKind.Inline : TagKind.Other;
            yield return new Tag(kind, match.Groups["name"].Value, match.Index, match.Length);
        }
    }

    // In this order: a pair of backslashes (one stays); an escaped tag; comments, which may contain tags only with dashes; tags.
    // The name of a partial that is computed, "(…)", is empty.
    [GeneratedRegex("""
        \\\\
        | \\\{\{
        | \{\{\{?\{?~?!--.*?--(?=\})
        | \{\{\{?\{?~?![^}]*
        | (?<tag>\{\{\{?\{?~?\s*
            (
              (?<partial>(\#\s*)?>\s*("(?<name>[^"]*)"|'(?<name>[^']*)'|\[(?<name>[^\]]*)\]|(?<name>[^\s}~=()"'\[]*)))
              | (?<inline>\#\s*\*\s*inline\s+("(?<name>[^"]*)"|'(?<name>[^']*)'|(?<name>[^\s}~]*)))
            )?
            [^}]*)
        """, RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Tokens();
}
