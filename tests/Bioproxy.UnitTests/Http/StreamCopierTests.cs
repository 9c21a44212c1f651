using System.IO.Pipelines;
using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Http;

public sealed class StreamCopierTests
{
    private static readonly TimeSpan BackendLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClientLimit = TimeSpan.FromSeconds(3);

    private readonly TestClock _time = new();
    private readonly Pipe _backend = new();
    private readonly ClientBody _client = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly StringBuilder _tapped = new();

    [Fact]
    public async Task Copy_Reads_AreWritesOneByOneAsTheyCome()
    {
        var copying = CopyAsync();
        foreach (var text in new[] { "data: 1\n\n", "data: 2\n\n", "da" })
        {
            await SendAsync(text);
            Assert.Equal(text, await _client.NextWriteAsync().DefaultTimeout());
        }

        await _backend.Writer.CompleteAsync();

        Assert.Equal(CopyEnd.Complete, await copying.DefaultTimeout());
        Assert.Equal("data: 1\n\ndata: 2\n\nda", _tapped.ToString());
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Copy_EmptyBody_IsComplete()
    {
        await _backend.Writer.CompleteAsync();

        Assert.Equal(CopyEnd.Complete, await CopyAsync().DefaultTimeout());
        Assert.Equal("", _tapped.ToString());
    }

    [Fact]
    public async Task Copy_BackendBreaks_IsItsFault()
    {
        await SendAsync("half");
        await _backend.Writer.CompleteAsync(new HttpIOException(HttpRequestError.ResponseEnded));

        Assert.Equal(CopyEnd.BackendBroke, await CopyAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Copy_BackendSaysNothing_EveryByteGivesItTheWholeLimitAgain()
    {
        var copying = CopyAsync();
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(BackendLimit - TimeSpan.FromTicks(1));
            await SendAsync("x");
            await _client.NextWriteAsync().DefaultTimeout();
            await Eventually.TrueAsync(() => _time.UntilNext == BackendLimit, TimeSpan.FromSeconds(5), "it reads again");
        }

        Assert.False(copying.IsCompleted);
        _time.Advance(BackendLimit);

        Assert.Equal(CopyEnd.BackendStalled, await copying.DefaultTimeout());
    }

    [Fact]
    public async Task Copy_ClientTakesNothing_IsStalledAfterItsOwnLimit()
    {
        _client.Block();
        var copying = CopyAsync();
        await SendAsync("x");
        await _client.Blocked.DefaultTimeout();

        _time.Advance(ClientLimit);

        Assert.Equal(CopyEnd.ClientStalled, await copying.DefaultTimeout());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Copy_ClientLeaves_IsGoneWhateverWasUnderWay(bool whileWriting)
    {
        if (whileWriting)
            _client.Block();
        var copying = CopyAsync();
        await SendAsync("x");
        await (whileWriting ? _client.Blocked : _client.NextWriteAsync()).DefaultTimeout();

        await _leaving.CancelAsync();

        Assert.Equal(CopyEnd.ClientGone, await copying.DefaultTimeout());
    }

    [Fact]
    public async Task Copy_ClientsConnectionBreaks_IsGone()
    {
        _client.Fail = new IOException("test");
        await SendAsync("x");

        Assert.Equal(CopyEnd.ClientGone, await CopyAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Copy_LargeBody_ArrivesWhole()
    {
        var bytes = new byte[1_000_000];
        new Random(1).NextBytes(bytes);
        var http = new DefaultHttpContext();
        using var received = new MemoryStream();
        http.Response.Body = received;
        var tapped = 0L;

        var end = await new StreamCopier(BackendLimit, ClientLimit, _time)
            .CopyAsync(new MemoryStream(bytes), new ClientSink(http), b => tapped += b.Length, default).DefaultTimeout();

        Assert.Equal((CopyEnd.Complete, bytes.Length), (end, tapped));
        Assert.Equal(bytes, received.ToArray());
    }

    /// <summary>Everything but a broken connection is a bug, on either side, and none of it may be taken for a broken backend.</summary>
    [Theory]
    [InlineData("backend")]
    [InlineData("client")]
    [InlineData("tap")]
    [InlineData("tap, as of a connection")]
    public async Task Copy_Bug_IsThrown(string where)
    {
        await SendAsync("x");
        var bug = where == "tap, as of a connection" ? (Exception)new IOException(where) : new InvalidOperationException(where);
        if (where == "backend")
            await _backend.Writer.CompleteAsync(bug);
        if (where == "client")
            _client.Fail = bug;

        var copying = CopyAsync(where.StartsWith("tap", StringComparison.Ordinal) ? _ => throw bug : null);

        Assert.Same(bug, await Assert.ThrowsAnyAsync<Exception>(() => copying.DefaultTimeout()));
    }

    private Task<CopyEnd> CopyAsync(Action<ReadOnlyMemory<byte>>? tap = null)
    {
        var http = new DefaultHttpContext();
        http.Response.Body = _client;
        tap ??= bytes => _tapped.Append(Encoding.UTF8.GetString(bytes.Span));
        return new StreamCopier(BackendLimit, ClientLimit, _time)
            .CopyAsync(_backend.Reader.AsStream(), new ClientSink(http), tap, _leaving.Token);
    }

    private async Task SendAsync(string text) => await _backend.Writer.WriteAsync(Encoding.UTF8.GetBytes(text)).DefaultTimeout();
}
