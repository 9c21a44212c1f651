using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers.Router;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Backends;

/// <summary>A server with several models: what it says by itself, and loads that are stopped.</summary>
public sealed class ModelHostTests : IDisposable
{
    private static readonly Uri Url = new("http://backend.test/");

    private readonly TestClock _clock = new();
    private readonly FakeModelServer _server = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ModelHost _host;
    private FakeDriver? _driver;

    public ModelHostTests()
    {
        var gate = new SwapGate(_clock, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), NullLogger<SwapGate>.Instance);
        _host = new ModelHost(_server, gate, _clock, Make);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _host.Dispose();
        _stopping.Dispose();
    }

    [Theory]
    [InlineData(nameof(ListedStatus.Loading), false, 1)]
    [InlineData(nameof(ListedStatus.Ready), true, 0)]
    [InlineData(nameof(ListedStatus.Unloaded), false, 0)]
    public async Task StopLoad_OnlyALoadUnderWay_IsStopped(string status, bool isLoaded, int unloads)
    {
        _server.Models["a"] = Enum.Parse<ListedStatus>(status);

        Assert.Equal(isLoaded, await _host.StopLoadAsync("a", default).DefaultTimeout());
        Assert.Equal(unloads, _server.Unloaded.Count);
    }

    [Fact]
    public async Task Run_ServerSaysThatAModelChanged_ItIsCheckedAtOnce()
    {
        await _host.ListAsync(default).DefaultTimeout();
        var monitor = _host.Backends.Single().Monitor;
        var checking = monitor.RunAsync(_stopping.Token);
        await Eventually.TrueAsync(() => monitor.State.Status == BackendStatus.Ready, Tolerances.Soon, "it was checked once");
        _driver!.OnDiscover = static _ => Task.FromResult(Discovery.Found(BackendStatus.Unloaded, null, "test"));
        _server.OnFollow = async (changed, token) =>
        {
            await changed("a", token);
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return true;
        };

        var running = _host.RunAsync(_stopping.Token);

        await Eventually.TrueAsync(() => monitor.State.Status == BackendStatus.Unloaded, Tolerances.Soon, "it is checked");
        await _stopping.CancelAsync();
        await Task.WhenAll(running, checking).DefaultTimeout();
    }

    [Fact]
    public async Task Run_ServerNamesAModelThatIsNotKnown_ItsListIsRead()
    {
        await _host.ListAsync(default).DefaultTimeout();
        _server.OnFollow = async (changed, token) =>
        {
            _server.Models["b"] = ListedStatus.Ready;
            await changed("b", token);
            return true;
        };

        var running = _host.RunAsync(_stopping.Token);

        await Eventually.TrueAsync(() => _host.Backends.Count == 2, Tolerances.Soon, "the model is known");
        await _stopping.CancelAsync();
        await running.DefaultTimeout();
    }

    [Fact]
    public async Task Run_NotKnownToHaveModels_AsksNothing()
    {
        var running = _host.RunAsync(_stopping.Token);

        await _stopping.CancelAsync();
        await running.DefaultTimeout();

        Assert.Equal(0, _server.Follows);
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 60)]
    public async Task Run_ConnectionEnds_IsFollowedAgainAfterAPause(bool saysSomething, int seconds)
    {
        await _host.ListAsync(default).DefaultTimeout();
        _server.OnFollow = (_, _) => Task.FromResult(saysSomething);
        var running = _host.RunAsync(_stopping.Token);
        await _clock.WhenTimersAsync(1).DefaultTimeout();

        _clock.Advance(TimeSpan.FromSeconds(seconds - 0.5));
        Assert.Equal(1, _server.Follows);
        _clock.Advance(TimeSpan.FromSeconds(0.5));

        await Eventually.TrueAsync(() => _server.Follows == 2, Tolerances.Soon, "it is followed again");
        await _stopping.CancelAsync();
        await running.DefaultTimeout();
    }

    /// <summary>As the router of build 11669 sends them.</summary>
    [Fact]
    public async Task RouterEvents_OneLoad_AreTwoChanges()
    {
        const string Sent = """
            data: {"model":"alpha","event":"model_status","data":{"status":"loading"}}

            data: {"model":"alpha","event":"status_change","data":{"status":"loading","progress":{"stages":["text_model"],"value":0.0}}}

            data: {"model":"alpha","event":"status_change","data":{"status":"loading","progress":{"stages":["text_model"],"value":1.0}}}

            data: {"event":"something else"}

            data: no JSON

            data: {"model":"alpha","event":"status_change","data":{"status":"loaded","info":{"id":"alpha"}}}


            """;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Sent.ReplaceLineEndings("\n")));
        var changes = new List<string>();

        await foreach (var model in new RouterEvents().ReadAsync(stream, default))
            changes.Add(model);

        Assert.Equal(["alpha", "alpha"], changes);
    }

    private Backend Make(ModelHost host, ListedModel model)
    {
        var driver = _driver = new FakeDriver(null);
        var monitor = new BackendMonitor(driver, Url, TimeSpan.FromHours(1), _clock, NullLogger<BackendMonitor>.Instance);
        return new Backend(new BackendOptions("fake", Url), driver, monitor, null!) { Model = model.Name };
    }
}
