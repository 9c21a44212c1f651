using System.Text;

namespace Bioproxy.Host.Doctor;

/// <summary>Prompts that no cache can know: pieces of one long run of random words, as token ids.</summary>
internal sealed class Canary(int[] tokens)
{
    private const int TailLength = 32;

    private int _taken = 1;

    /// <summary>Random words. A token is one letter for the smallest vocabularies and some three for others.</summary>
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

    /// <summary>A prompt of its own. It begins like the others only with the first token, the mark where a text begins.</summary>
    public int[] Prompt(int length) => [tokens[0], .. Take(length - 1)];

    /// <summary>The prompt and a short new end, as the next turn of a conversation has it.</summary>
    public int[] Continue(ReadOnlySpan<int> prompt) => [.. prompt, .. Take(TailLength)];

    private ReadOnlySpan<int> Take(int count)
    {
        _taken += count;
        return tokens.AsSpan(_taken - count, count);
    }
}
