namespace Bioproxy.Host.Configuration;

/// <summary>Finds the key somebody probably meant.</summary>
internal static class NearestName
{
    /// <param name="written">What stands in the file.</param>
    /// <param name="known">Every spelling that is understood → the key it stands for.</param>
    /// <returns>The key nearest to what was written, or null when none is near enough to be a help.</returns>
    public static string? Find(string written, IReadOnlyDictionary<string, string> known)
    {
        var wanted = Normal(written);
        var (key, distance) = known
            .Select(pair => (Key: pair.Value, Distance: Math.Min(Distance(wanted, pair.Key), Distance(Leaf(wanted), Leaf(pair.Key))), Whole: Distance(wanted, pair.Key)))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Whole)
            .Select(candidate => (candidate.Key, candidate.Distance))
            .First();
        return distance <= Math.Max(1, Leaf(wanted).Length / 3) ? key : null;
    }

    private static string Normal(string name) => name.ToLowerInvariant().Replace('-', '_');

    // A key put into the wrong object differs in its beginning only.
    private static string Leaf(string name) => name[(name.LastIndexOf('.') + 1)..];

    /// <summary>Edits between two words, where two letters in the wrong order, the commonest slip, are one.</summary>
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
