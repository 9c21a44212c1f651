namespace Bioproxy.Rag;

/// <summary>A file of a folder.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Source">What it is cited as: the folder's name and the way from there, with slashes.</param>
/// <param name="Stamp">Taken before the file is read: a change in between then shows as a changed stamp.</param>
internal sealed record FoundFile(string Path, string Source, FileStamp Stamp);
