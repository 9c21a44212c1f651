using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>The journal knows what is under way, and the last requests.</summary>
public sealed class RequestJournalTests
{
    private readonly FakeTimeProvider _time = new(Records.Start);
    private readonly RequestJournal _journal;

    public RequestJournalTests() => _journal = new RequestJournal(_time);

    [Fact]
    public void Requests_BeyondAThousand_PushTheOldestOut()
    {
        for (var i = 0; i < RequestJournal.Kept + 5; i++)
            _journal.Ended(NewExchange());

        var all = _journal.After(long.MinValue);

        Assert.Equal(RequestJournal.Kept, all.Count);
        Assert.Equal((1005L, 6L), (all[0].Number, all[^1].Number));
        Assert.Equal([1005L, 1004], _journal.After(1003).Select(record => record.Number));
        Assert.Equal(1005, _journal.Version);
    }

    [Fact]
    public void EarlierRequests_Restored_StandBeforeThoseOfThisRun()
    {
        _journal.Ended(NewExchange());

        _journal.Restore([Records.Of(1, Records.Start), Records.Of(2, Records.Start)]);

        Assert.Equal(["r-2", "r-1"], _journal.After(long.MinValue).Skip(1).Select(record => record.Id));
        Assert.Equal([1L, 0, -1], _journal.After(long.MinValue).Select(record => record.Number));
    }

    [Fact]
    public async Task Request_Cancelled_EndsAsIfItsClientHadLeft()
    {
        using var client = new CancellationTokenSource();
        var exchange = NewExchange();
        using var active = _journal.Begin(exchange, client.Token);
        var gone = new TaskCompletionSource();
        using var registration = active.Gone.Register(gone.SetResult);

        Assert.True(_journal.Cancel(exchange.Id));
        await gone.Task.DefaultTimeout();

        Assert.True(exchange.Progress.IsCancelled);
        Assert.False(client.IsCancellationRequested);
    }

    [Fact]
    public void Request_Ended_CannotBeCancelled()
    {
        var exchange = NewExchange();
        var active = _journal.Begin(exchange, CancellationToken.None);
        Assert.Equal(exchange.Id, Assert.Single(_journal.Active).Exchange.Id);

        active.Dispose();

        Assert.Empty(_journal.Active);
        Assert.False(_journal.Cancel(exchange.Id));
        active.Cancel();
        Assert.False(exchange.Progress.IsCancelled);
    }

    [Fact]
    public void Request_ThatTakesNoSlot_IsNotListed()
    {
        using var active = _journal.Begin(NewExchange("/v1/models"), CancellationToken.None);

        Assert.Empty(_journal.Active);
    }

    private Exchange NewExchange(string path = "/v1/chat/completions") =>
        new(new ClientSink(new DefaultHttpContext()), Routes.Of("POST", path), _time.GetTimestamp());
}
