using Bioproxy.Doubles;
using Bioproxy.Host;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;

namespace Bioproxy.UnitTests.Doctor;

/// <summary>The doctor in front of several servers.</summary>
public sealed class RoundTests : IAsyncDisposable
{
    private readonly FakeBackend _one = FakeBackend.Start(new FakeBackendOptions { Model = "coder" });
    private readonly FakeBackend _two = FakeBackend.Start();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-round-");

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Run_TwoServersOneIsDown_ExaminesTheOtherAndSaysBoth()
    {
        _two.Kill();

        var (code, said) = await RunAsync(Servers());

        Assert.Equal(1, code);
        Assert.Contains("Measuring desk, gpu.", said, StringComparison.Ordinal);
        Assert.Contains($"desk  ({_one.BaseAddress})", said, StringComparison.Ordinal);
        Assert.Contains("llama-server b1-fake, model coder", said, StringComparison.Ordinal);
        Assert.Matches("restore .* tokens reused", said);
        Assert.Matches($@"gpu  \({_two.BaseAddress}\)\s+bad +backend +{_two.BaseAddress} is not reachable", said);
        Assert.Contains("backends.gpu.url", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OneIsNamed_LeavesTheOtherAlone()
    {
        var (_, said) = await RunAsync(Servers(), new BackendChoice("gpu"));

        Assert.Contains("gpu  (", said, StringComparison.Ordinal);
        Assert.DoesNotContain("desk", said, StringComparison.Ordinal);
        Assert.Empty(_one.Requests);
    }

    [Fact]
    public async Task Run_AddressIsGiven_ThatServerAlone()
    {
        var (_, said) = await RunAsync(Servers() with { BackendUrl = _two.BaseAddress }, new BackendChoice(IsAddress: true));

        Assert.Contains("model fake-model", said, StringComparison.Ordinal);
        Assert.Empty(_one.Requests);
    }

    [Fact]
    public async Task Run_UnknownName_IsWrongUsage()
    {
        var (backends, problem) = new BackendChoice("gpo").In(Servers());

        Assert.Empty(backends);
        Assert.Contains("There is no backend named 'gpo'. There are: desk, gpu.", problem, StringComparison.Ordinal);
        Assert.Equal(CommandLineParser.WrongUsage, (await RunAsync(Servers(), new BackendChoice("gpo"))).Code);
    }

    [Fact]
    public async Task Run_Router_ExaminesTheModelThatIsLoaded()
    {
        _one.Restart(o => o with { IsRouter = true });

        var (_, said) = await RunAsync(Options(new BackendOptions("router", _one.BaseAddress)));

        Assert.Matches("ok +backend +llama-server router b1-fake with 1 model\n", said);
        Assert.Contains($"router/coder  ({_one.BaseAddress})", said, StringComparison.Ordinal);
        Assert.True(said.Contains("tokens reused", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task Run_LlamaSwapWithNothingLoaded_ExaminesNothingAndSaysHow()
    {
        _one.Restart(o => o with { IsLlamaSwap = true });
        var options = Options(new BackendOptions("swap", _one.BaseAddress) { Kind = BackendKind.LlamaSwap });

        var (code, said) = await RunAsync(options);

        Assert.Equal(0, code);
        Assert.Contains("coder: not examined; bioproxy doctor --backend swap --model NAME", said, StringComparison.Ordinal);
        Assert.All(_one.Requests, request => Assert.Contains(request.Path, new[] { "/v1/models", "/running" }));
    }

    [Fact]
    public async Task Run_ModelThatNoServerHas_IsWrongUsage() =>
        Assert.Equal(CommandLineParser.WrongUsage, (await RunAsync(Servers(), new BackendChoice(Model: "other"))).Code);

    [Theory]
    [InlineData(false, 0, "bioproxy doctor --backend small starts and examines it")]
    [InlineData(true, 1, "the proxy that is running starts it")]
    public async Task Run_PoolModelThatDoesNotRun_IsNotStarted(bool isNamedAndProxyRuns, int code, string expected)
    {
        var pool = new PoolOptions
        {
            Models = [new PoolModelOptions("small") { Command = ["/nowhere/llama-server", "--port", CommandLineText.Port] }],
            Ports = new PortRange(_two.BaseAddress.Port, _two.BaseAddress.Port),
        };
        _two.Kill();
        var options = Options() with { Pool = pool };

        var run = await RunAsync(options, isNamedAndProxyRuns ? new BackendChoice("small") : null, isNamedAndProxyRuns);

        Assert.Equal(code, run.Code);
        Assert.Contains(expected, run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_PoolModelThatCannotStart_SaysWhy()
    {
        var pool = new PoolOptions
        {
            Models = [new PoolModelOptions("small") { Command = ["/nowhere/llama-server", "--port", CommandLineText.Port] }],
            Ports = new PortRange(_two.BaseAddress.Port, _two.BaseAddress.Port),
        };
        _two.Kill();

        var (code, said) = await RunAsync(Options() with { Pool = pool }, new BackendChoice("small"));

        Assert.Equal(1, code);
        Assert.Contains("The server of model small cannot be started", said, StringComparison.Ordinal);
    }

    private ProxyOptions Servers() => Options(new BackendOptions("desk", _one.BaseAddress), new BackendOptions("gpu", _two.BaseAddress));

    private ProxyOptions Options(params BackendOptions[] backends) =>
        new() { BaseDirectory = _folder.FullName, StateDirectory = _folder.FullName, Backends = backends };

    private static async Task<(int Code, string Said)> RunAsync(
        ProxyOptions options, BackendChoice? choice = null, bool isProxyRunning = false)
    {
        using var output = new StringWriter();
        var code = await DoctorCommand.RunAsync(
            options, choice ?? new BackendChoice(), isProxyRunning, new Terminal(output, Terminal.Unlimited, hasColour: false), default)
            .DefaultTimeout();
        return (code, output.ToString().ReplaceLineEndings("\n"));
    }
}
