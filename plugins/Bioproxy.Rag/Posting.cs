namespace Bioproxy.Rag;

/// <summary>How often a word occurs in a passage of a file.</summary>
internal readonly record struct Posting(int Passage, int Count);
