namespace Bioproxy.Rag;

/// <summary>That a word stands in a passage of a file, and how often.</summary>
internal readonly record struct Posting(int Passage, int Count);
