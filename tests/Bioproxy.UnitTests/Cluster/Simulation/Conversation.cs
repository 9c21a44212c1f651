namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>One conversation: each turn's prompt continues the one before.</summary>
/// <param name="number">Its number.</param>
/// <param name="domain">Whose it is; null where there are no keys.</param>
internal sealed class Conversation(int number, string? domain)
{
    private const int Most = 8;

    /// <summary>What all conversations begin with, whosever they are.</summary>
    private static readonly string System = new('s', 600);

    private int _generation;

    public string? Domain => domain;

    public int Turn { get; private set; }

    /// <summary>One of its requests is under way.</summary>
    public bool IsAsking { get; set; }

    /// <summary>The prompt of the next turn.</summary>
    public string Text
    {
        get
        {
            var length = 700 + (number * 24) + (Turn * (400 + (number * 8))); // attributed by their lengths
            var text = new char[length];
            for (var i = 0; i < length; i++)
                text[i] = (char)('a' + (((i * 7) + (number * 31) + (_generation * 11) + ((number + 1) * (_generation + 1) * i / 13)) % 26));
            return $"{System}{number:000}-{_generation:000} {new string(text)}";
        }
    }

    /// <summary>The turn was answered.</summary>
    public void Continue()
    {
        if (++Turn < Most)
            return;
        Turn = 0;
        _generation++;
    }
}
