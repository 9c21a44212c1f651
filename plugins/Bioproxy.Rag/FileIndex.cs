namespace Bioproxy.Rag;

/// <summary>One file's passages and where their words are. Immutable: a changed file gets a new one, and all others stay.</summary>
internal sealed class FileIndex
{
    public static readonly FileIndex Empty = new([], [], []);

    private readonly Dictionary<string, Posting[]> _words;

    private FileIndex(IReadOnlyList<Passage> passages, int[] lengths, Dictionary<string, Posting[]> words)
    {
        Passages = passages;
        Lengths = lengths;
        _words = words;
    }

    public IReadOnlyList<Passage> Passages { get; }

    /// <summary>How many words each passage has.</summary>
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>Reads the words of passages.</summary>
    /// <param name="passages">The passages.</param>
    /// <param name="vocabulary">The words seen so far: files share the strings.</param>
    public static FileIndex Of(IReadOnlyList<Passage> passages, HashSet<string> vocabulary)
    {
        var lengths = new int[passages.Count];
        var words = new Dictionary<string, List<Posting>>(StringComparer.Ordinal);
        for (var i = 0; i < passages.Count; i++)
            lengths[i] = Add(passages[i].Heading, i) + Add(passages[i].Text, i);
        return new FileIndex(passages, lengths, words.ToDictionary(word => word.Key, word => word.Value.ToArray(), StringComparer.Ordinal));

        int Add(string text, int passage)
        {
            var known = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
            var reader = new WordReader(text);
            var count = 0;
            for (; reader.Read(); count++)
            {
                if (!known.TryGetValue(reader.Word, out var word))
                    vocabulary.Add(word = reader.Word.ToString());
                if (!words.TryGetValue(word, out var postings))
                    words.Add(word, postings = []);
                if (postings.Count > 0 && postings[^1].Passage == passage)
                    postings[^1] = new Posting(passage, postings[^1].Count + 1);
                else
                    postings.Add(new Posting(passage, 1));
            }

            return count;
        }
    }

    /// <summary>Where a word is, in the order of the passages.</summary>
    public ReadOnlySpan<Posting> Find(string word) => _words.TryGetValue(word, out var postings) ? postings : [];
}
