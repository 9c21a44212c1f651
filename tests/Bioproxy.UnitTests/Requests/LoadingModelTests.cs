using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.UnitTests.Models;

namespace Bioproxy.UnitTests.Requests;

/// <summary>Requests for a model that has to be loaded, or whose server ends.</summary>
public sealed class LoadingModelTests
{
    private const string Completions = "/v1/chat/completions";

    private readonly FakeModelLoader _loader = new();

    [Theory]
    [InlineData(null, ": loading model fake-model (")]
    [InlineData("another model is busy", ": waiting for model fake-model: another model is busy (")]
    public async Task Stream_WaitsForItsModel_GetsCommentsAndItsAnswer(string? obstacle, string comment)
    {
        await using var path = await StartAsync();
        HoldUntilAComment(obstacle);

        var (status, received, _) = await path.SendAsync(RequestPathFixture.Chat("hello", isStream: true));

        Assert.Equal(200, status);
        Assert.StartsWith(comment, received, StringComparison.Ordinal);
        Assert.DoesNotContain(")\n\n", received, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", received, StringComparison.Ordinal);
        await AssertNothingIsOwnedAsync(path);
    }

    [Fact]
    public async Task Stream_ModelIsNotLoadedAfterAComment_TheFailureIsAnEvent()
    {
        await using var path = await StartAsync();
        HoldUntilAComment(null, new ProxyFailure(FailureKind.ModelNotLoaded, "It does not start."));

        var (status, received, _) = await path.SendAsync(RequestPathFixture.Chat("hello", isStream: true));

        Assert.Equal(200, status);
        Assert.Contains("data: {\"error\":{\"message\":\"It does not start.\"", received, StringComparison.Ordinal);
        await AssertNothingIsOwnedAsync(path);
    }

    [Fact]
    public async Task NotAStream_WaitsForItsModel_GetsNothingBefore()
    {
        await using var path = await StartAsync();
        _loader.OnObstacle = static () => throw new InvalidOperationException("nobody asks");
        var entering = new TaskCompletionSource();
        _loader.OnEnter = async _ =>
        {
            await entering.Task;
            return null;
        };
        var asked = path.SendAsync(RequestPathFixture.Chat("hello"));
        entering.SetResult();

        var (status, received, _) = await asked;

        Assert.Equal(200, status);
        Assert.StartsWith("{", received, StringComparison.Ordinal);
        await AssertNothingIsOwnedAsync(path);
    }

    [Fact]
    public async Task ClientLeavesWhileItsModelLoads_TheLoaderIsTold()
    {
        await using var path = await StartAsync();
        _loader.OnEnter = async cancellationToken =>
        {
            await path.Leaving.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        };

        await path.SendAsync(RequestPathFixture.Chat("hello"));

        await AssertNothingIsOwnedAsync(path);
        Assert.DoesNotContain(path.Backend.Requests, request => request.Is("POST", Completions));
    }

    [Fact]
    public async Task ServerEndsBeforeItsFirstByte_IsAskedAgainWhenItIsBack()
    {
        await using var path = await StartAsync();
        Close(path);
        var restarts = 0;
        _loader.OnRestart = () => Task.FromResult(++restarts > 0);

        var (status, received, _) = await path.SendAsync(RequestPathFixture.Chat("hello"));

        Assert.Equal((200, 1), (status, restarts));
        Assert.Contains("\"choices\"", received, StringComparison.Ordinal);
        await AssertNothingIsOwnedAsync(path);
    }

    [Fact]
    public async Task ServerEndsAgain_TheFailureIsTheAnswer()
    {
        await using var path = await StartAsync();
        Close(path);
        Close(path);
        var restarts = 0;
        _loader.OnRestart = () => Task.FromResult(++restarts > 0);

        var (status, received, _) = await path.SendAsync(RequestPathFixture.Chat("hello"));

        Assert.Equal((502, 1), (status, restarts));
        Assert.Contains("backend_closed", received, StringComparison.Ordinal);
        await AssertNothingIsOwnedAsync(path);
    }

    [Fact]
    public async Task CallWithoutPrompt_ServerEnds_IsSentAgainWhenItIsBack()
    {
        await using var path = await StartAsync();
        path.Backend.Misbehave("/props", FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));
        path.Backend.Misbehave("/props", FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));
        _loader.OnRestart = static () => Task.FromResult(true);

        var (status, received, _) = await path.SendAsync("GET", "/props", "");

        Assert.Equal(200, status);
        Assert.Contains("total_slots", received, StringComparison.Ordinal);
        await AssertNothingIsOwnedAsync(path);
    }

    private static void Close(RequestPathFixture path) =>
        path.Backend.Misbehave(Completions, FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));

    private async Task<RequestPathFixture> StartAsync()
    {
        var path = new RequestPathFixture(o => o with { QueueKeepAlive = TimeSpan.FromMilliseconds(20) }, _loader);
        await path.Model.StartAsync();
        return path;
    }

    /// <summary>The model is loaded, or not, when a comment says what it waits for.</summary>
    private void HoldUntilAComment(string? obstacle, ProxyFailure? failure = null)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _loader.OnObstacle = () =>
        {
            told.TrySetResult();
            return obstacle;
        };
        _loader.OnEnter = async _ =>
        {
            await told.Task.DefaultTimeout();
            return failure;
        };
    }

    /// <summary>A slot whose server closed the connection is free when the server says so.</summary>
    private async Task AssertNothingIsOwnedAsync(RequestPathFixture path)
    {
        Assert.Equal(0, _loader.Entered);
        await Eventually.TrueAsync(() => path.Model.Queue.View.Used == 0, Tolerances.Soon, "the lease came back");
        path.Model.AssertNothingIsOwned();
    }
}
