namespace Bioproxy.Rag;

/// <summary>A file as of the last check.</summary>
/// <param name="Stamp">Its stamp then; null when it could not be read, so that it is tried again: permissions change without the
/// stamp.</param>
/// <param name="Index">Its passages.</param>
/// <param name="Problem">Why it is not searched; null if it is.</param>
internal sealed record KnownFile(FileStamp? Stamp, FileIndex Index, string? Problem);
