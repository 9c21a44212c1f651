namespace Bioproxy.Host.Backends;

/// <summary>Keeps the last bytes of a passing response. It only looks: bytes are never delayed or changed.</summary>
internal sealed class ResponseTap
{
    /// <summary>The evidence stands in the last event; 8 KB hold it with room for a long last event around it.</summary>
    private const int Keep = 8192;

    private readonly byte[] _kept = new byte[Keep];
    private int _length;

    public long TotalBytes { get; private set; }

    public void Look(ReadOnlySpan<byte> bytes)
    {
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

    public PromptTimings? Timings() => TimingsReader.Read(_kept.AsSpan(0, _length));
}
