namespace Bioproxy.PrefixStabiliser;

/// <summary>Removes volatile lines from the texts of one prompt's head, one text after the other.</summary>
/// <param name="rules">The rules, in their order.</param>
/// <param name="canMove">Whether there is a text to move lines to; without one, rules that move do nothing.</param>
/// <param name="cancellationToken">Stops between two passes over a text.</param>
internal sealed class Extraction(IReadOnlyList<Rule> rules, bool canMove, CancellationToken cancellationToken)
{
    private readonly int[] _lines = new int[rules.Count];

    /// <summary>The lines to append after the stable part.</summary>
    public List<string> Moved { get; } = [];

    /// <summary>Lines taken by rules that move, or by those that remove.</summary>
    public int Lines(bool moved) => rules.Select((rule, i) => rule.Moves == moved ? _lines[i] : 0).Sum();

    /// <summary>Lines taken, by rule.</summary>
    public IEnumerable<(string Rule, int Lines)> Taken =>
        rules.Select((rule, i) => (rule.Name, _lines[i])).Where(one => one.Item2 > 0);

    /// <summary>Removes what the rules find in a text.</summary>
    /// <returns>The remaining text; <paramref name="text"/> itself when nothing was found.</returns>
    /// <remarks>Repeats until no rule finds anything: after a cut in the middle, both sides may form a new match, and a second
    /// run over our own output must change nothing. Each pass leaves less, so it ends.</remarks>
    public string Take(string text, RulePlaces place)
    {
        bool again;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            again = false;
            for (var i = 0; i < rules.Count; i++)
            {
                if ((rules[i].Places & place) == 0 || (rules[i].Moves && !canMove))
                    continue;
                var left = Take(text, i);
                again |= !ReferenceEquals(left, text);
                text = left;
            }
        }
        while (again);

        return text;
    }

    private string Take(string text, int rule)
    {
        var taken = new List<string>();
        var left = rules[rule].Take(text, taken);
        foreach (var piece in taken)
            _lines[rule] += piece.AsSpan().Count('\n') + 1;
        if (rules[rule].Moves)
            Moved.AddRange(taken.Where(piece => piece.Length > 0));
        return left;
    }
}
