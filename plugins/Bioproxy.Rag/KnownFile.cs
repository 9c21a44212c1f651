namespace Bioproxy.Rag;

/// <summary>A file as it was last looked at.</summary>
/// <param name="Stamp">Its stamp then; null when it could not be read, so that it is tried again: permissions change without the stamp.</param>
/// <param name="Index">What is in it.</param>
/// <param name="Problem">Why nothing of it is searched; null for nothing.</param>
internal sealed record KnownFile(FileStamp? Stamp, FileIndex Index, string? Problem);
