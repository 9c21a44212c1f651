namespace Bioproxy.Host.Backends;

/// <summary>Keeps the last bytes of a passing response. It only looks: bytes are never delayed or changed.</summary>
/// <param name="keepsHead">The evidence may stand at the stream's beginning.</param>
internal sealed class ResponseTap(bool keepsHead = false)
{
    /// <summary>The evidence stands in the last event; 8 KB hold it with room for a long last event around it.</summary>
    private const int Keep = 8192;

    /// <summary>Anthropic's stream tells the prompt's tokens in its first event.</summary>
    private const int KeepOfHead = 1024;

    private byte[]? _kept;
    private readonly byte[]? _head = keepsHead ? new byte[KeepOfHead] : null;
    private int _length;

    public long TotalBytes { get; private set; }

    /// <summary>For bytes that somebody else has looked at.</summary>
    public void Count(int bytes) => TotalBytes += bytes;

    public void Look(ReadOnlySpan<byte> bytes)
    {
        _kept ??= new byte[Keep];
        if (_head is not null && TotalBytes < KeepOfHead)
            bytes[..(int)Math.Min(bytes.Length, KeepOfHead - TotalBytes)].CopyTo(_head.AsSpan((int)TotalBytes));
        TotalBytes += bytes.Length;
        if (bytes.Length >= Keep)
        {
            bytes[^Keep..].CopyTo(_kept);
            _length = Keep;
            return;
        }

        var room = Keep - _length;
        if (bytes.Length > room)
        {
            var drop = bytes.Length - room;
            _kept.AsSpan(drop, _length - drop).CopyTo(_kept);
            _length -= drop;
        }

        bytes.CopyTo(_kept.AsSpan(_length));
        _length += bytes.Length;
    }

    public PromptTimings? Timings() => _kept is null ? null
        : TimingsReader.Read(_kept.AsSpan(0, _length))
        ?? (_head is null
            ? null
            : TimingsReader.ReadFirst(_head.AsSpan(0, (int)Math.Min(TotalBytes, KeepOfHead)), _kept.AsSpan(0, _length)));
}
