using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Bioproxy.Host.Http;

/// <summary>
/// One connection to a backend, which notes in the <see cref="ConnectionUse"/> of every request that it carried it. The handler writes a
/// request in the asynchronous flow of its sender, so the flow tells whose bytes they are.
/// </summary>
internal sealed class TracedConnection(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private static readonly AsyncLocal<ConnectionUse?> Current = new();
    private static long _last;

    private readonly long _id = Interlocked.Increment(ref _last);
    private readonly long _established = Stopwatch.GetTimestamp();
    private ConnectionUse? _use;

    /// <summary>Begins to trace the requests sent in this asynchronous flow.</summary>
    public static ConnectionUse Trace() => Current.Value = new ConnectionUse();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Current.Value is { } use && !ReferenceEquals(use, _use))
        {
            (use.Connection, use.Established, use.IsReused, use.Received) = (_id, _established, _use is not null, 0);
            _use = use;
        }

        return base.WriteAsync(buffer, cancellationToken);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = base.ReadAsync(buffer, cancellationToken);
        if (!reading.IsCompletedSuccessfully)
            return ReadAsync(reading);
        var read = reading.GetAwaiter().GetResult();
        Count(read);
        return new(read);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAsync(ValueTask<int> reading)
    {
        var read = await reading.ConfigureAwait(false);
        Count(read);
        return read;
    }

    private void Count(int read)
    {
        if (_use is { } use)
            use.Received += read;
    }
}
