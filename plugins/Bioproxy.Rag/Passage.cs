namespace Bioproxy.Rag;

/// <summary>A piece of a file.</summary>
/// <param name="Source">What the file is cited as.</param>
/// <param name="FirstLine">Its first line, from 1.</param>
/// <param name="LastLine">Its last line.</param>
/// <param name="Text">The lines, joined by line feeds.</param>
/// <param name="Heading">The heading that stands above it and is not in <paramref name="Text"/>; empty for none. It is found by its words
/// too.</param>
internal sealed record Passage(string Source, int FirstLine, int LastLine, string Text, string Heading);
