using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Bioproxy.Host.Configuration;

/// <summary>
/// A command line as one text, split into words without a shell: blanks separate; single and double quotes keep text together; a
/// backslash makes the blank, quote or backslash behind it an ordinary character, except inside of single quotes; <c>~</c> at the beginning
/// of a word, or behind its first <c>=</c>, is the home directory unless it is quoted. Nothing else is special: no variables, no wildcards.
/// </summary>
internal static partial class CommandLineText
{
    /// <summary>Stands for the port that the server must listen on.</summary>
    public const string Port = "${port}";

    /// <summary>Stands for the folder of saved slots.</summary>
    public const string Slots = "${slots}";

    /// <returns>The words, or null and the problem, as it follows "expected".</returns>
    public static (IReadOnlyList<string>? Words, string? Problem) Split(string text, string homeDirectory)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var isWord = false;
        var hasEquals = false;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length && IsEscapable(text[i + 1]))
                Add(text[++i]);
            else if (quote != '\0' ? c == quote : c is '"' or '\'')
                (quote, isWord) = (quote == '\0' ? c : '\0', true);
            else if (quote == '\0' && char.IsWhiteSpace(c))
                End();
            else if (c == '~' && quote == '\0' && IsHome(text, i) && (word.Length == 0 ? !isWord : IsBehindFirstEquals()))
                Append(homeDirectory);
            else
                Add(c);
        }

        End();
        if (quote != '\0')
            return (null, $"the closing {quote} of a quoted text");
        var unknown = words.SelectMany(part => Placeholder().Matches(part)).FirstOrDefault(match => match.Value is not (Port or Slots));
        return unknown is null ? (words, null) : (null, $"{Port} or {Slots} instead of {unknown.Value}");

        void Add(char c)
        {
            hasEquals |= c == '=';
            word.Append(c);
            isWord = true;
        }

        void Append(string part)
        {
            word.Append(part);
            isWord = true;
        }

        void End()
        {
            if (isWord)
                words.Add(word.ToString());
            word.Clear();
            isWord = hasEquals = false;
        }

        bool IsBehindFirstEquals() => hasEquals && word.ToString().IndexOf('=', StringComparison.Ordinal) == word.Length - 1;
    }

    /// <summary>Puts in the port and the folder.</summary>
    public static IReadOnlyList<string> Fill(IReadOnlyList<string> words, int port, string slots) =>
    [
        .. words.Select(word => word
            .Replace(Port, port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace(Slots, slots, StringComparison.Ordinal)),
    ];

    private static bool IsEscapable(char c) => c is '"' or '\'' or '\\' || char.IsWhiteSpace(c);

    private static bool IsHome(string text, int at) =>
        at + 1 == text.Length || text[at + 1] == '/' || text[at + 1] == Path.DirectorySeparatorChar || char.IsWhiteSpace(text[at + 1]);

    [GeneratedRegex(@"\$\{[^}]*\}")]
    private static partial Regex Placeholder();
}
