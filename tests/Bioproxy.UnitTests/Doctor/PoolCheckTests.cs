using System.Net;
using System.Net.Sockets;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;
using Bioproxy.UnitTests.Pool;

namespace Bioproxy.UnitTests.Doctor;

public sealed class PoolCheckTests : IDisposable
{
    private readonly ModelFileFolder _folder = new();
    private readonly string _program;

    public PoolCheckTests()
    {
        _program = _folder.Write("llama-server", []);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_EverythingWell_IsOneLine()
    {
        var finding = Assert.Single(Check($"{_program} -m {_folder.Tiny()} -c 1000 --port ${{port}} --slot-save-path ${{slots}}"));

        Assert.Equal((Verdict.Ok, "model small"), (finding.Verdict, finding.What));
        Assert.Matches($"^{_program} with .*gguf; about 1 MiB; port [0-9]+, not running$", finding.Text);
    }

    [Theory]
    [InlineData("/nowhere/llama-server -m MODEL --port ${port}", "/nowhere/llama-server is not found")]
    [InlineData("no-such-llama-server -m MODEL --port ${port}", "pool.models.small.command")]
    [InlineData("MODEL -m MODEL --port ${port}", "is not found")] // not executable
    [InlineData("PROGRAM -m none.gguf --port ${port}", "none.gguf")]
    [InlineData("PROGRAM -m PROGRAM --port ${port}", "llama-server: ")] // not a model
    public void Of_OneThingWrong_IsOneFailure(string command, string expected)
    {
        var finding = Assert.Single(Check(command
            .Replace("MODEL", _folder.Tiny(), StringComparison.Ordinal).Replace("PROGRAM", _program, StringComparison.Ordinal)));

        Assert.Equal(Verdict.Bad, finding.Verdict);
        Assert.Contains(expected, finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ModelLargerThanTheBudget_IsNeverLoaded()
    {
        var finding = Assert.Single(Check($"{_program} -m {_folder.Tiny()} --port ${{port}}", pool => pool with { Memory = 1 << 20 }));

        Assert.Equal(Verdict.Bad, finding.Verdict);
        Assert.Contains("more than the 1 MiB of pool.memory", finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "another program listens on its port")]
    [InlineData(true, "running")]
    public void Of_PortIsTaken_IsAFailureUnlessItRuns(bool isRunning, string expected)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var findings = Check(
            $"{_program} -m {_folder.Tiny()} --port ${{port}} --slot-save-path ${{slots}}",
            pool => pool with { Ports = new PortRange(port, port) },
            isRunning);

        Assert.Contains(expected, Assert.Single(findings).Text, StringComparison.Ordinal);
        Assert.Equal(isRunning ? Verdict.Ok : Verdict.Bad, findings[0].Verdict);
    }

    [Fact]
    public void Of_FlagsThatAreMissing_AreNotes()
    {
        var findings = Check($"{_program} -hf org/repo --port ${{port}}", pool => pool with { Memory = 1 << 30 });

        Assert.Equal([Verdict.Ok, Verdict.Info, Verdict.Info], findings.Select(finding => finding.Verdict));
        Assert.Contains("--slot-save-path ${slots}", findings[1].Text, StringComparison.Ordinal);
        Assert.Contains("loaded alone", findings[2].Text, StringComparison.Ordinal);
    }

    private IReadOnlyList<Finding> Check(string command, Func<PoolOptions, PoolOptions>? change = null, bool isRunning = false)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var pool = new PoolOptions
        {
            Models = [new PoolModelOptions("small") { Command = CommandLineText.Split(command, "/home").Words }],
            Ports = new PortRange(port, port),
        };
        var options = new ProxyOptions
        {
            BaseDirectory = _folder.Path,
            StateDirectory = Path.Combine(_folder.Path, "state"),
            Pool = change?.Invoke(pool) ?? pool,
        };
        return new PoolCheck(options).Of("small", isRunning);
    }
}
