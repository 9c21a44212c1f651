using System.IO.Pipelines;
using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Dashboard;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>One state a second for all pages, and nothing for none.</summary>
public sealed class LiveFeedTests : IDisposable
{
    private readonly TestClock _time = new();
    private readonly Lifetime _lifetime = new();
    private readonly LiveFeed _feed;
    private string _state = "one";

    public LiveFeedTests() => _feed = new LiveFeed(
        _ => new(Encoding.UTF8.GetBytes($"data: {_state}\n\n")), _time, _lifetime, NullLogger<LiveFeed>.Instance);

    public void Dispose() => _lifetime.Dispose();

    [Fact]
    public async Task Pages_TwoOpen_ShareOneState()
    {
        await using var first = new OpenPage(_feed);
        await first.SeesAsync("data: one\n\n");
        await using var second = new OpenPage(_feed);
        await second.SeesAsync("data: one\n\n");
        Assert.Equal(1, _feed.Written);

        _state = "two";
        await NextAsync();

        await first.SeesAsync("data: two\n\n");
        await second.SeesAsync("data: two\n\n");
        Assert.Equal(2, _feed.Written);
    }

    [Fact]
    public async Task State_Unchanged_IsSentOnceAndTheStreamKeptAlive()
    {
        await using var page = new OpenPage(_feed);
        await page.SeesAsync("data: one\n\n");

        for (var i = 0; i < 16; i++)
            await NextAsync();
        await page.SeesAsync(": nothing new\n\n");

        Assert.Equal(1, page.Text.Split("data: one").Length - 1);
    }

    [Fact]
    public async Task LastPage_Closed_EndsTheWriting()
    {
        await using (var page = new OpenPage(_feed))
            await page.SeesAsync("data: one\n\n");
        await NextAsync(isLast: true);

        Assert.False(_feed.IsRunning);
        await using var later = new OpenPage(_feed);
        await later.SeesAsync("data: one\n\n");
    }

    [Fact]
    public async Task Proxy_Stops_EndsTheStreams()
    {
        await using var page = new OpenPage(_feed);
        await page.SeesAsync("data: one\n\n");

        await _lifetime.StopAsync();

        await page.Ended.DefaultTimeout();
    }

    /// <summary>One second later.</summary>
    private async Task NextAsync(bool isLast = false)
    {
        var written = _feed.Written;
        await _time.WhenTimersAsync(1).DefaultTimeout();
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(
            () => isLast ? !_feed.IsRunning : _feed.Written > written, Tolerances.Soon, "the next state is written");
    }

    private sealed class OpenPage : IAsyncDisposable
    {
        private readonly Pipe _pipe = new();
        private readonly CancellationTokenSource _leaving = new();
        private readonly StringBuilder _text = new();

        public OpenPage(LiveFeed feed)
        {
            var http = new DefaultHttpContext { RequestAborted = _leaving.Token };
            http.Response.Body = _pipe.Writer.AsStream();
            Ended = feed.StreamAsync(http);
        }

        public Task Ended { get; }

        public string Text => _text.ToString();

        public async Task SeesAsync(string text)
        {
            while (!Text.Contains(text, StringComparison.Ordinal))
            {
                var read = await _pipe.Reader.ReadAsync().AsTask().DefaultTimeout();
                foreach (var part in read.Buffer)
                    _text.Append(Encoding.UTF8.GetString(part.Span));
                _pipe.Reader.AdvanceTo(read.Buffer.End);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _leaving.CancelAsync();
            await Ended.DefaultTimeout();
            _leaving.Dispose();
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public Task StopAsync() => _stopping.CancelAsync();

        public void Dispose() => _stopping.Dispose();
    }
}
