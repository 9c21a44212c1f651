using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>Estimates the tokens that one request lost.</summary>
/// <param name="Cached">Tokens reused.</param>
/// <param name="Prompt">Tokens of the prompt.</param>
/// <param name="Least">Less is not a loss.</param>
internal readonly record struct LostTokens(int Cached, int Prompt, int Least)
{
    /// <summary>Tokens are not spread evenly over a text: a smaller part of what could have been reused may be an error of the
    /// estimate.</summary>
    private const double Error = 0.1;

    /// <summary>Tokens that could have been reused from an earlier prompt, less those that were; null when that is too little.</summary>
    /// <param name="other">The earlier prompt.</param>
    /// <param name="bytes">Bytes of it that could have been reused.</param>
    public int? Of(CanonicalPrompt other, int bytes)
    {
        var size = other.Chain.Length;
        if (other.Tokens <= 0 || size <= 0)
            return null;
        var reusable = Math.Min(bytes * ((double)other.Tokens / size), Prompt);
        var lost = (int)(reusable - Cached);
        return lost >= Least && lost >= Error * reusable ? lost : null;
    }
}
