using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard;

/// <summary>The state of the proxy as server-sent events, for any number of pages: once a second at most, written once for all of them,
/// and not at all while no page is open. What did not change is not sent.</summary>
/// <param name="write">Writes the state as an event; never slower than a few seconds.</param>
/// <param name="time">The clock.</param>
/// <param name="lifetime">Streams end when the proxy stops.</param>
/// <param name="logger">Where bugs are logged.</param>
internal sealed partial class LiveFeed(
    Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>>> write, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<LiveFeed> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Shows a page that its connection still stands.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    private readonly ILogger<LiveFeed> _logger = logger;
    private readonly Lock _lock = new();
    private readonly List<Channel<ReadOnlyMemory<byte>>> _readers = [];
    private bool _isRunning;
    private ReadOnlyMemory<byte> _last;

    /// <summary>How often the state has been written.</summary>
    public int Written { get; private set; }

    /// <summary>A page is open, or was a second ago.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_lock)
                return _isRunning;
        }
    }

    /// <summary>Answers a page until it leaves or the proxy stops.</summary>
    public async Task StreamAsync(HttpContext http)
    {
        var response = http.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        var channel = Subscribe();
        try
        {
            await response.Body.WriteAsync("retry: 2000\n\n"u8.ToArray(), end.Token).ConfigureAwait(false);
            await foreach (var frame in channel.Reader.ReadAllAsync(end.Token).ConfigureAwait(false))
                await response.Body.WriteAsync(frame, end.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The page is closed, or the proxy stops.
        }
        finally
        {
            lock (_lock)
                _readers.Remove(channel);
        }
    }

    private Channel<ReadOnlyMemory<byte>> Subscribe()
    {
        var channel = Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            _readers.Add(channel);
            if (_isRunning)
            {
                channel.Writer.TryWrite(_last); // the next one may not come for long
                return channel;
            }

            _isRunning = true;
        }

        _ = Task.Run(RunAsync);
        return channel;
    }

    private async Task RunAsync()
    {
        var last = ReadOnlyMemory<byte>.Empty;
        var sent = time.GetTimestamp();
        while (true)
        {
            try
            {
                var frame = await write(lifetime.ApplicationStopping).ConfigureAwait(false);
                Written++;
                var isNew = !frame.Span.SequenceEqual(last.Span);
                if (isNew || time.GetElapsedTime(sent) >= LongestSilence)
                {
                    sent = time.GetTimestamp();
                    Send(isNew ? frame : ": nothing new\n\n"u8.ToArray(), isState: isNew);
                }

                last = frame;
            }
            catch (Exception e)
            {
                if (!lifetime.ApplicationStopping.IsCancellationRequested)
                    LogFailed(e); // the fence of a background loop
            }

            await Task.Delay(Interval, time, lifetime.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_lock)
            {
                if (_readers.Count > 0 && !lifetime.ApplicationStopping.IsCancellationRequested)
                    continue;
                _isRunning = false;
                _last = default;
                return;
            }
        }
    }

    private void Send(ReadOnlyMemory<byte> frame, bool isState)
    {
        lock (_lock)
        {
            if (isState)
                _last = frame;
            foreach (var reader in _readers)
                reader.Writer.TryWrite(frame);
        }
    }

    [LoggerMessage(LogLevel.Error, "The state could not be written for the dashboard.")]
    private partial void LogFailed(Exception exception);
}
