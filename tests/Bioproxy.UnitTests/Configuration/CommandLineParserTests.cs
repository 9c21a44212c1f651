using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class CommandLineParserTests : IDisposable
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();
    private (string Command, ConfigurationInput Input)? _invoked;
    private int? _misses;
    private string? _newKey;
    private bool? _asksNothing;
    private int _initCode = 15;
    private KvRequest? _kv;
    private PluginsRequest? _plugins;
    private BackendChoice? _choice;

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
    }

    [Fact]
    public async Task Invoke_NoArguments_RunsWithoutOverrides()
    {
        Assert.Equal(7, await InvokeAsync());

        Assert.Equal("run", _invoked?.Command);
        Assert.Null(_invoked?.Input.ConfigPath);
        Assert.Empty(_invoked!.Value.Input.Overrides);
    }

    [Theory]
    [InlineData("--config", "c.json", "--host", "h", "--port", "x", "--admin-host", "ah", "--admin-port", "2", "--backend", "http://b")]
    [InlineData("-config", "c.json", "-host", "h", "-port", "x", "-admin-host", "ah", "-admin-port", "2", "-backend", "http://b")]
    [InlineData("--config=c.json", "--host=h", "--port=x", "--admin-host=ah", "--admin-port=2", "--backend=http://b")]
    [InlineData("-config=c.json", "-host=h", "-port=x", "-admin-host=ah", "-admin-port=2", "-backend=http://b")]
    public async Task Invoke_EverySpelling_MeansTheSame(params string[] args)
    {
        Assert.Equal(7, await InvokeAsync(args));

        var input = _invoked!.Value.Input;
        Assert.Equal("c.json", input.ConfigPath);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["proxy_host"] = "h",
                ["proxy_port"] = "x",
                ["admin_host"] = "ah",
                ["admin_port"] = "2",
                ["backend_url"] = "http://b",
            },
            input.Overrides);
    }

    [Theory]
    [InlineData("check", "--port", "1")]
    [InlineData("--port", "1", "check")]
    [InlineData("check", "-port=1")]
    public async Task Invoke_Check_TakesTheSameOptions(params string[] args)
    {
        Assert.Equal(8, await InvokeAsync(args));

        Assert.Equal("check", _invoked?.Command);
        Assert.Equal("1", _invoked?.Input.Overrides["proxy_port"]);
    }

    [Fact]
    public async Task Invoke_Doctor_TakesTheSameOptionsAndShowsItsExitCodes()
    {
        Assert.Equal(9, await InvokeAsync("doctor", "--backend", "http://b"));
        Assert.Equal("doctor", _invoked?.Command);
        Assert.Equal("http://b", _invoked?.Input.Overrides["backend_url"]);

        Assert.Equal(0, await InvokeAsync("doctor", "--help"));
        Assert.Matches(@"0\s+nothing\s+to\s+change,\s+1\s+.*,\s+2\s+.*,\s+3\s", _out.ToString().ReplaceLineEndings(" "));
    }

    [Theory]
    [InlineData("desk", "desk", false, null)]
    [InlineData("http://b", null, true, "http://b")]
    [InlineData("localhost:8081", "localhost:8081", false, null)]
    public async Task Invoke_BackendOfACommand_IsANameOrAnAddress(string given, string? name, bool isAddress, string? url)
    {
        Assert.Equal(8, await InvokeAsync("check", "--backend", given));
        Assert.Equal(new BackendChoice(name, IsAddress: isAddress), _choice);
        Assert.Equal(url, _invoked!.Value.Input.Overrides.GetValueOrDefault("backend_url"));

        Assert.Equal(9, await InvokeAsync("doctor", "-backend", given, "--model", "coder"));
        Assert.Equal(new BackendChoice(name, "coder", isAddress), _choice);
    }

    [Theory]
    [InlineData("--prot", "1")]
    [InlineData("chek")]
    [InlineData("--port")]
    [InlineData("--port", "1", "--port", "2")]
    [InlineData("@file")]
    [InlineData("-x")]
    public async Task Invoke_WrongUsage_SaysSoAndReturnsTwo(params string[] args)
    {
        Assert.Equal(CommandLineParser.WrongUsage, await InvokeAsync(args));

        Assert.Null(_invoked);
        Assert.NotEmpty(_error.ToString());
    }

    [Theory]
    [InlineData(
        "--prot=1", "'--prot' was not matched. Did you mean one of the following?\n--port\n\nUnrecognized command or argument '--prot'.")]
    [InlineData("chek", "'chek' was not matched. Did you mean one of the following?\ncheck\n\nUnrecognized command or argument 'chek'.")]
    [InlineData("--nonsense", "Unrecognized command or argument '--nonsense'.")]
    public async Task Invoke_WrongUsage_IsShort(string argument, string expected)
    {
        await InvokeAsync(argument);

        Assert.Equal($"{expected}\nbioproxy --help shows every option and command.\n", _error.ToString().ReplaceLineEndings("\n"));
        Assert.Equal("", _out.ToString());
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-help")]
    [InlineData("-h")]
    public async Task Invoke_Help_ShowsEveryOptionOnce(string option)
    {
        Assert.Equal(0, await InvokeAsync(option));

        var help = _out.ToString();
        Assert.Null(_invoked);
        foreach (var expected in new[]
        {
            "--config <file>", "--host <host>", "--port <port>", "--admin-host <host>", "--admin-port <port>", "--backend <url>", "check",
        })
            Assert.Contains(expected, help, StringComparison.Ordinal);
        Assert.DoesNotContain(" -port", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_Version_ShowsOurs()
    {
        Assert.Equal(0, await InvokeAsync("--version"));

        Assert.StartsWith("bioproxy 0.", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_ActionThrows_ExceptionIsNotSwallowed() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            CommandLineParser.InvokeAsync(
                [],
                ActionsOf((_, _) => throw new InvalidOperationException()),
                _out,
                _error));

    [Fact]
    public async Task Invoke_Cancelled_PassesTheToken()
    {
        using var stopping = new CancellationTokenSource();
        var exitCode = await CommandLineParser.InvokeAsync(
            [],
            ActionsOf(async (_, token) =>
            {
                await stopping.CancelAsync();
                return token.IsCancellationRequested ? 5 : 6;
            }),
            _out,
            _error,
            stopping.Token);

        Assert.Equal(5, exitCode);
    }

    private Task<int> InvokeAsync(params string[] args) => CommandLineParser.InvokeAsync(args, ActionsOf(Run), _out, _error);

    private CommandActions ActionsOf(Func<ConfigurationInput, CancellationToken, Task<int>> run) =>
        new(run, Check, Doctor, Kv, Plugins, Health, Misses, NewKey, Schema, Cluster, Init);

    [Fact]
    public async Task Invoke_Kv_TakesWhatItIsAbout()
    {
        Assert.Equal(10, await InvokeAsync("kv", "list", "--admin-port", "3"));
        Assert.Equal(new KvRequest("list"), _kv);
        Assert.Equal("3", _invoked?.Input.Overrides["admin_port"]);

        await InvokeAsync("kv", "show", "a.bin");
        Assert.Equal(new KvRequest("show", "a.bin"), _kv);
        await InvokeAsync("kv", "drop", "a.bin");
        Assert.Equal(new KvRequest("drop", "a.bin"), _kv);
        await InvokeAsync("kv", "drop", "--domain", "anna");
        Assert.Equal(new KvRequest("drop", null, "anna"), _kv);
        await InvokeAsync("kv", "gc", "--dry-run");
        Assert.Equal(new KvRequest("gc", IsDryRun: true), _kv);
    }

    [Theory]
    [InlineData("kv", "drop")]
    [InlineData("kv", "drop", "a.bin", "--domain", "anna")]
    [InlineData("kv", "show")]
    [InlineData("kv")]
    public async Task Invoke_KvWithoutWhatItIsAbout_IsWrongUsage(params string[] args)
    {
        Assert.NotEqual(10, await InvokeAsync(args));
        Assert.Null(_kv);
    }

    [Fact]
    public async Task Invoke_Plugins_TakesWhatItIsAbout()
    {
        Assert.Equal(11, await InvokeAsync("plugins", "list", "--admin-port", "3"));
        Assert.Equal(new PluginsRequest("list"), _plugins);
        Assert.Equal("3", _invoked?.Input.Overrides["admin_port"]);

        Assert.Equal(11, await InvokeAsync("plugins", "check", "plugins/Mine", "-config=c.json"));
        Assert.Equal(new PluginsRequest("check", "plugins/Mine"), _plugins);
        Assert.Equal("c.json", _invoked?.Input.ConfigPath);
    }

    [Theory]
    [InlineData("plugins", "check")]
    [InlineData("plugins", "check", "a", "b")]
    [InlineData("plugins", "list", "a")]
    [InlineData("plugins", "lsit")]
    [InlineData("plugins")]
    public async Task Invoke_PluginsWithoutWhatItIsAbout_IsWrongUsage(params string[] args)
    {
        Assert.Equal(CommandLineParser.WrongUsage, await InvokeAsync(args));
        Assert.Null(_plugins);
        Assert.NotEmpty(_error.ToString());
    }

    [Fact]
    public async Task Invoke_PluginsHelp_TellsItsCommandsAndExitCodes()
    {
        Assert.Equal(0, await InvokeAsync("plugins", "--help"));
        Assert.Matches(@"\blist\b[\s\S]*\bcheck <folder>", _out.ToString());

        Assert.Equal(0, await InvokeAsync("plugins", "check", "--help"));
        Assert.Matches(@"0\s+all\s+is\s+well,\s+1\s+something\s+FAILED,\s+2\s", _out.ToString().ReplaceLineEndings(" "));
        Assert.Null(_plugins);
    }

    [Fact]
    public async Task Invoke_Misses_TakesTheirNumber()
    {
        Assert.Equal(12, await InvokeAsync("misses"));
        Assert.Equal(10, _misses);
        Assert.Equal(12, await InvokeAsync("misses", "--last", "3", "--admin-port", "4"));
        Assert.Equal(3, _misses);
        Assert.Equal("4", _invoked?.Input.Overrides["admin_port"]);

        Assert.Equal(CommandLineParser.WrongUsage, await InvokeAsync("misses", "--last", "-1"));
        Assert.Equal(CommandLineParser.WrongUsage, await InvokeAsync("misses", "--last", "all"));
    }

    [Fact]
    public async Task Invoke_KeyNew_TakesAName()
    {
        Assert.Equal(13, await InvokeAsync("key", "new", "alice"));
        Assert.Equal("alice", _newKey);

        Assert.Equal(CommandLineParser.WrongUsage, await InvokeAsync("key", "new"));
        Assert.Equal(CommandLineParser.WrongUsage, await InvokeAsync("key", "new", "a b"));
    }

    private Task<int> NewKey(string name, CancellationToken cancellationToken)
    {
        _newKey = name;
        return Task.FromResult(13);
    }

    [Theory]
    [InlineData(false, "init")]
    [InlineData(true, "init", "--yes")]
    [InlineData(true, "init", "--yes", "--config", "c.json")]
    public async Task Invoke_Init_TakesWhetherItAsks(bool asksNothing, params string[] args)
    {
        Assert.Equal(15, await InvokeAsync(args));

        Assert.Equal(asksNothing, _asksNothing);
        Assert.Equal(args.Length > 2 ? "c.json" : null, _invoked?.Input.ConfigPath);
    }

    [Fact]
    public async Task Invoke_InitAndRun_RunsWithTheSameSettingsOnceItIsWritten()
    {
        Assert.Equal(15, await InvokeAsync("init", "--run"));
        Assert.Equal("init", _invoked?.Command);

        _initCode = 0;
        Assert.Equal(7, await InvokeAsync("init", "--run", "--port", "1"));
        Assert.Equal(("run", "1"), (_invoked?.Command, _invoked?.Input.Overrides["proxy_port"]));
    }

    [Fact]
    public async Task Invoke_Health_IsACommand()
    {
        Assert.Equal(16, await InvokeAsync("health", "--admin-port", "3"));
        Assert.Equal("3", _invoked?.Input.Overrides["admin_port"]);
    }

    private Task<int> Health(ConfigurationInput input, CancellationToken cancellationToken)
    {
        _invoked = ("health", input);
        return Task.FromResult(16);
    }

    [Fact]
    public async Task Invoke_Schema_IsACommand() => Assert.Equal(14, await InvokeAsync("schema"));

    [Fact]
    public async Task Invoke_ClusterStatus_AsksTheRunningProxy()
    {
        Assert.Equal(18, await InvokeAsync("cluster", "status", "--admin-port", "3"));
        Assert.Equal("3", _invoked?.Input.Overrides["admin_port"]);
    }

    private Task<int> Cluster(ConfigurationInput input, CancellationToken cancellationToken)
    {
        _invoked = ("cluster", input);
        return Task.FromResult(18);
    }

    private Task<int> Schema(CancellationToken cancellationToken) => Task.FromResult(14);

    private Task<int> Init(ConfigurationInput input, bool asksNothing, CancellationToken cancellationToken)
    {
        (_invoked, _asksNothing) = (("init", input), asksNothing);
        return Task.FromResult(_initCode);
    }

    private Task<int> Misses(ConfigurationInput input, int last, CancellationToken cancellationToken)
    {
        (_invoked, _misses) = (("misses", input), last);
        return Task.FromResult(12);
    }

    private Task<int> Plugins(ConfigurationInput input, PluginsRequest request, CancellationToken cancellationToken)
    {
        (_invoked, _plugins) = (("plugins", input), request);
        return Task.FromResult(11);
    }

    private Task<int> Kv(ConfigurationInput input, KvRequest request, CancellationToken cancellationToken)
    {
        (_invoked, _kv) = (("kv", input), request);
        return Task.FromResult(10);
    }

    private Task<int> Run(ConfigurationInput input, CancellationToken cancellationToken)
    {
        _invoked = ("run", input);
        return Task.FromResult(7);
    }

    private Task<int> Check(ConfigurationInput input, BackendChoice choice, CancellationToken cancellationToken)
    {
        (_invoked, _choice) = (("check", input), choice);
        return Task.FromResult(8);
    }

    private Task<int> Doctor(ConfigurationInput input, BackendChoice choice, CancellationToken cancellationToken)
    {
        (_invoked, _choice) = (("doctor", input), choice);
        return Task.FromResult(9);
    }
}
