using System.Text;

namespace Bioproxy.IntegrationTests;

/// <summary>Template texts with an exact number of tokens: in the tiny vocabulary every character is a token.</summary>
internal static class TemplateText
{
    /// <summary>The tokens before a user's text in the first message: begin of sequence, the role marker, "user" and a line feed.</summary>
    private const int TokensBefore = 7;

    /// <summary>
    /// A template whose prompts begin with exactly <paramref name="tokens"/> tokens that never change. Another seed gives another text.
    /// </summary>
    public static string Of(int seed, int tokens) => Words(seed, tokens - TokensBefore - 1) + "\n<<message>>";

    /// <summary>The expansion of a template with a message.</summary>
    public static string Expand(string template, string message) => template.Replace("<<message>>", message, StringComparison.Ordinal);

    /// <summary>Words of an exact length, without white space at its ends.</summary>
    public static string Words(int seed, int length)
    {
        var random = new Random(seed);
        var text = new StringBuilder(length + 16);
        while (text.Length < length)
        {
            for (var letters = random.Next(2, 10); letters > 0; letters--)
                text.Append((char)('a' + random.Next(26)));
            text.Append(' ');
        }

        text.Length = length;
        if (text[^1] == ' ')
            text[^1] = 'x';
        return text.ToString();
    }
}
