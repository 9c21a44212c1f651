using System.Text;

namespace Bioproxy.Host.Doctor;

/// <summary>Prompts that cannot be cached anywhere: pieces of one long run of random words, as token ids.</summary>
internal sealed class Canary(int[] tokens)
{
    private const int TailLength = 32;

    private int _taken = 1;

    /// <summary>Random words. A token is one letter in the smallest vocabularies and about three in others.</summary>
    public static string Words(int letters, Random random)
    {
        var text = new StringBuilder(letters + 16);
        while (text.Length < letters)
        {
            for (var left = random.Next(2, 10); left > 0; left--)
                text.Append((char)('a' + random.Next(26)));
            text.Append(' ');
        }

        return text.ToString();
    }

    /// <summary>Whether there is enough for a prompt of this length and its tails.</summary>
    public bool Has(int length) => _taken + length + (4 * TailLength) <= tokens.Length;

    /// <summary>A new prompt. It shares only the first token, the beginning-of-text mark, with the others.</summary>
    public int[] Prompt(int length) => [tokens[0], .. Take(length - 1)];

    /// <summary>The prompt with a short new end, like the next turn of a conversation.</summary>
    public int[] Continue(ReadOnlySpan<int> prompt) => [.. prompt, .. Take(TailLength)];

    private ReadOnlySpan<int> Take(int count)
    {
        _taken += count;
        return tokens.AsSpan(_taken - count, count);
    }
}
