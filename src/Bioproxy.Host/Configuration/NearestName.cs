namespace Bioproxy.Host.Configuration;

/// <summary>Finds the key that was probably meant.</summary>
internal static class NearestName
{
    /// <param name="written">The unknown key.</param>
    /// <param name="known">Every known spelling → the key it stands for.</param>
    /// <returns>The most similar key, or null when none is similar enough to be helpful.</returns>
    public static string? Find(string written, IReadOnlyDictionary<string, string> known)
    {
        var wanted = Normal(written);
        var (key, distance) = known
            .Select(pair => (Key: pair.Value, Whole: Distance(wanted, pair.Key), Leaf: Distance(Leaf(wanted), Leaf(pair.Key))))
            .OrderBy(candidate => Math.Min(candidate.Whole, candidate.Leaf))
            .ThenBy(candidate => candidate.Whole)
            .Select(candidate => (candidate.Key, Distance: Math.Min(candidate.Whole, candidate.Leaf)))
            .First();
        return distance <= Math.Max(1, Leaf(wanted).Length / 3) ? key : null;
    }

    private static string Normal(string name) => name.ToLowerInvariant().Replace('-', '_');

    // A key in the wrong object differs only before the last dot.
    private static string Leaf(string name) => name[(name.LastIndexOf('.') + 1)..];

    /// <summary>The number of edits between two words; two letters in the wrong order, the most common slip, count as one.</summary>
    private static int Distance(string left, string right)
    {
        var edits = new int[left.Length + 1, right.Length + 1];
        for (var row = 0; row <= left.Length; row++)
        {
            for (var column = 0; column <= right.Length; column++)
            {
                if (row == 0 || column == 0)
                {
                    edits[row, column] = row + column;
                    continue;
                }

                var replaced = edits[row - 1, column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1);
                var best = Math.Min(replaced, Math.Min(edits[row - 1, column], edits[row, column - 1]) + 1);
                if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1])
                    best = Math.Min(best, edits[row - 2, column - 2] + 1);
                edits[row, column] = best;
            }
        }

        return edits[left.Length, right.Length];
    }
}
