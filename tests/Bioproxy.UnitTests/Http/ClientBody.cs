using System.Text;
using System.Threading.Channels;

namespace Bioproxy.UnitTests.Http;

/// <summary>A client that takes what is written, or does not.</summary>
internal sealed class ClientBody : Stream
{
    private readonly Channel<string> _writes = Channel.CreateUnbounded<string>();
    private readonly TaskCompletionSource<string> _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _blocks;

    public Exception? Fail { get; set; }

    /// <summary>Completes when a write waits for a client that takes nothing.</summary>
    public Task<string> Blocked => _blocked.Task;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Block() => _blocks = true;

    public Task<string> NextWriteAsync() => _writes.Reader.ReadAsync().AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Fail is not null)
            throw Fail;
        var text = Encoding.UTF8.GetString(buffer.Span);
        if (_blocks)
        {
            var never = new TaskCompletionSource();
            using var cancelled = cancellationToken.UnsafeRegister(_ => never.TrySetCanceled(cancellationToken), null);
            _blocked.TrySetResult(text);
            await never.Task;
        }

        _writes.Writer.TryWrite(text);
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
