namespace Bioproxy.Doubles;

/// <summary>How the bytes of one answer are wrong, or unusual.</summary>
internal enum FakeWire
{
    Normal,

    /// <summary>The connection ends without an answer; the request is not worked on.</summary>
    CloseBeforeAnyByte,

    /// <summary>It ends within the status line.</summary>
    CloseInStatusLine,

    /// <summary>It ends after the headers.</summary>
    CloseAfterHeaders,

    /// <summary>It ends within a chunk.</summary>
    CloseMidChunk,

    /// <summary>It ends between two chunks, without the last one.</summary>
    CloseBetweenChunks,

    /// <summary>A chunk is announced longer than it is, and the next one follows.</summary>
    WrongChunkLength,

    /// <summary>A chunk's length is not a number.</summary>
    GarbageChunkLength,

    /// <summary>Content-Length promises more than comes before the end.</summary>
    ContentLengthTooLarge,

    /// <summary>More comes than Content-Length promised.</summary>
    ContentLengthTooSmall,

    /// <summary>HTTP/1.0, and the end of the connection is the end of the body.</summary>
    Http10,

    /// <summary>Content-Length and Transfer-Encoding at once; the chunks are right.</summary>
    BothLengths,
}
