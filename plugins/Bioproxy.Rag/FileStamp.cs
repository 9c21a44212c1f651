namespace Bioproxy.Rag;

/// <summary>What tells whether a file has changed, without reading it.</summary>
internal readonly record struct FileStamp(long Length, long WrittenTicks);
