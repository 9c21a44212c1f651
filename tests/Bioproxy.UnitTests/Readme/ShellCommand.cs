using System.Text;

namespace Bioproxy.UnitTests.Readme;

/// <summary>A command of a shell example: as much of the shell's grammar as the documents use.</summary>
internal sealed record ShellCommand(string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>The commands of an example, without comments and with continued lines joined.</summary>
    public static IEnumerable<string> Split(string text) => text
        .Replace("\\\n", " ", StringComparison.Ordinal)
        .Split('\n')
        .Select(WithoutComment)
        .Where(line => line.Length > 0);

    public static ShellCommand Parse(string command)
    {
        var words = Words(command);
        var program = words.FindIndex(word => !IsAssignment(word));
        return new ShellCommand(words[program], words[(program + 1)..]);
    }

    private static string WithoutComment(string line)
    {
        var at = line.StartsWith('#') ? 0 : line.IndexOf(" #", StringComparison.Ordinal);
        return (at < 0 ? line : line[..at]).Trim();
    }

    private static bool IsAssignment(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is var at and > 0 && word[..at].All(c => char.IsAsciiLetterUpper(c) || c == '_');

    private static List<string> Words(string command)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        foreach (var character in command + " ")
        {
            if (quote != '\0' ? character == quote : character is '"' or '\'')
                quote = quote == '\0' ? character : '\0';
            else if (quote == '\0' && character == ' ')
                Take();
            else
                word.Append(character);
        }

        return words;

        void Take()
        {
            if (word.Length > 0)
                words.Add(word.ToString());
            word.Clear();
        }
    }
}
