namespace Bioproxy.Rag;

/// <summary>All files' passages, ranked by BM25. Immutable; searched from many threads at once.</summary>
internal sealed class PassageIndex
{
    private const double K1 = 1.2;
    private const double B = 0.75;

    // A pasted log has thousands of words; the first ones usually hold the question.
    private const int MaxWords = 1000;

    private readonly IReadOnlyList<FileIndex> _files;

    // The number of each file's first passage, counted over all files; one more for the end.
    private readonly int[] _starts;

    private readonly double _averageLength;

    public PassageIndex(IReadOnlyList<FileIndex> files)
    {
        _files = files;
        _starts = new int[files.Count + 1];
        var words = 0L;
        for (var i = 0; i < files.Count; i++)
        {
            _starts[i + 1] = _starts[i] + files[i].Passages.Count;
            foreach (var length in files[i].Lengths)
                words += length;
        }

        _averageLength = Math.Max(1.0, (double)words / Math.Max(1, Count));
    }

    /// <summary>How many passages there are.</summary>
    public int Count => _starts[^1];

    /// <summary>The passages that have words of the question, the best first; equal ones by their file's name and line.</summary>
    /// <param name="question">The question.</param>
    /// <param name="most">The maximum number of passages.</param>
    public IReadOnlyList<Passage> Search(ReadOnlySpan<char> question, int most)
    {
        var scores = new double[Count];
        foreach (var word in Words(question))
            Score(word, scores);
        var least = Least(scores, most);
        return
        [
            .. Enumerable.Range(0, Count)
                .Where(i => scores[i] > 0 && scores[i] >= least)
                .Select(i => (Score: scores[i], Passage: Passage(i)))
                .OrderByDescending(hit => hit.Score)
                .ThenBy(hit => hit.Passage.Source, StringComparer.Ordinal)
                .ThenBy(hit => hit.Passage.FirstLine)
                .Select(hit => hit.Passage)
                .Take(most),
        ];
    }

    // Only the best few are sorted, not every passage with a common word.
    private static double Least(double[] scores, int most)
    {
        var best = new PriorityQueue<double, double>();
        foreach (var score in scores)
        {
            if (best.Count < most)
                best.Enqueue(score, score);
            else if (score > best.Peek())
                best.EnqueueDequeue(score, score);
        }

        return best.Count == 0 ? 0 : best.Peek();
    }

    private static List<string> Words(ReadOnlySpan<char> question)
    {
        var words = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var known = seen.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var reader = new WordReader(question); words.Count < MaxWords && reader.Read();)
        {
            if (!known.Contains(reader.Word))
            {
                words.Add(reader.Word.ToString());
                seen.Add(words[^1]);
            }
        }

        return words;
    }

    private void Score(string word, double[] scores)
    {
        var found = 0;
        foreach (var file in _files)
            found += file.Find(word).Length;
        if (found == 0)
            return;
        var rarity = Math.Log(1 + (Count - found + 0.5) / (found + 0.5));
        for (var i = 0; i < _files.Count; i++)
        {
            foreach (var (passage, count) in _files[i].Find(word))
            {
                var length = _files[i].Lengths[passage] / _averageLength;
                scores[_starts[i] + passage] += rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length));
            }
        }
    }

    private Passage Passage(int number)
    {
        var file = Array.BinarySearch(_starts, number);
        if (file < 0)
            file = ~file - 1;
        while (_files[file].Passages.Count == 0)
            file++; // files without passages begin at the same number as the next one
        return _files[file].Passages[number - _starts[file]];
    }
}
