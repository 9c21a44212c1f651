using System.Buffers;
using System.Globalization;
using System.Text;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Http;

/// <summary>
/// Reads llama-server's progress events at the beginning of a stream, and takes those out that only the proxy asked for. From the first
/// other event on every byte passes as it comes. What is left is, byte for byte, the stream that nobody had asked for progress.
/// </summary>
internal sealed class ProgressFilter : ResponseGate
{
    /// <summary>A progress event has some 400 bytes; what is longer is something else.</summary>
    private const int Longest = 16 * 1024;

    private readonly bool _hides;
    private readonly Func<int?, int, ReadOnlyMemory<byte>> _began;
    private readonly TimeProvider _time;
    private readonly TimeSpan _longestSilence;
    private readonly ArrayBufferWriter<byte> _out = new();
    private byte[] _held = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;
    private bool _hasBegun;
    private bool _isDone;
    private long _lastWrite;
    private double _coverage;

    /// <param name="hides">Take progress events out; otherwise they are only read.</param>
    /// <param name="began">Called once, before anything but the server's comments is passed on, with the tokens reused (null when the
    /// server does not say) and the tokens of the prompt. What it returns goes before everything else.</param>
    /// <param name="time">The clock of silence.</param>
    /// <param name="longestSilence">In place of hidden events a comment is passed on after so long a silence.</param>
    public ProgressFilter(bool hides, Func<int?, int, ReadOnlyMemory<byte>> began, TimeProvider time, TimeSpan longestSilence)
    {
        _hides = hides;
        _began = began;
        _time = time;
        _longestSilence = longestSilence;
        _lastWrite = time.GetTimestamp();
    }

    public override bool AreHeadersDue => _hasBegun;

    public override bool IsOpen => _isDone;

    public override double Coverage => _isDone ? 1 : _coverage;

    public override ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> read)
    {
        if (_isDone)
            return read;
        _out.ResetWrittenCount();
        Hold(read.Span);
        var at = 0;
        while (!_isDone && _held.AsSpan(at, _length - at).IndexOf("\n\n"u8) is var end and >= 0)
        {
            var next = _held.AsSpan(at, end + 2);
            if (next[0] == (byte)':')
                _out.Write(next); // a comment of the server's own
            else if (Progress(next) is { } progress)
                OnProgress(progress, next);
            else
                Open();
            at += _isDone ? 0 : next.Length;
        }

        if (!_isDone && _length - at > Longest)
            Open();
        if (_isDone)
            _out.Write(_held.AsSpan(at, _length - at));
        _length = _isDone ? 0 : _length - at;
        _held.AsSpan(at, _length).CopyTo(_held);
        if (_out.WrittenCount > 0)
            _lastWrite = _time.GetTimestamp();
        return _out.WrittenMemory;
    }

    public override ReadOnlyMemory<byte> End()
    {
        if (_isDone)
            return default;
        _out.ResetWrittenCount();
        Open();
        _out.Write(_held.AsSpan(0, _length));
        return _out.WrittenMemory;
    }

    public override void Dispose() => ArrayPool<byte>.Shared.Return(_held);

    private void OnProgress((int Total, int Cached, int Processed) progress, ReadOnlySpan<byte> bytes)
    {
        Begin(progress.Cached, progress.Total);
        _coverage = progress.Total > 0 ? Math.Clamp(progress.Processed / (double)progress.Total, 0, 1) : 0;
        if (!_hides)
            _out.Write(bytes);
        else if (_longestSilence > TimeSpan.Zero && _time.GetElapsedTime(_lastWrite) >= _longestSilence)
            _out.Write(Comment(progress.Processed, progress.Total));
    }

    /// <summary>Without an empty line: that would end an event, and some clients fail on one without data.</summary>
    private static byte[] Comment(int processed, int total) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $": prompt {processed} of {total} tokens\n"));

    private void Open()
    {
        Begin(null, 0);
        _isDone = true;
    }

    private void Begin(int? cached, int total)
    {
        if (_hasBegun)
            return;
        _hasBegun = true;
        _out.Write(_began(cached, total).Span);
    }

    private void Hold(ReadOnlySpan<byte> read)
    {
        if (_length + read.Length > _held.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_length + read.Length);
            _held.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_held);
            _held = larger;
        }

        read.CopyTo(_held.AsSpan(_length));
        _length += read.Length;
    }

    /// <summary>The figures of a progress event; null when it is another one.</summary>
    private static (int Total, int Cached, int Processed)? Progress(ReadOnlySpan<byte> bytes) =>
        JsonLookup.LastObject(bytes, "\"prompt_progress\":"u8) is { } found
        && found.Number("total") is { } total && found.Number("cache") is { } cached
            ? (total, cached, found.Number("processed") ?? 0)
            : null;
}
