namespace Bioproxy.Rag;

/// <summary>Shows whether a file has changed, without reading it.</summary>
internal readonly record struct FileStamp(long Length, long WrittenTicks);
