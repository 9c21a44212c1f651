using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class PoolReaderTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "pool": null }""")]
    public void Load_NoPool_IsNull(string json) => Assert.Null(_folder.Valid(json).Pool);

    [Fact]
    public void Load_EveryMember_IsRead()
    {
        var pool = _folder.Valid("""
            { "pool": {
                "models": {
                  "qwen": { "command": "llama-server -m ~/m/qwen.gguf --port ${port} --slot-save-path ${slots}", 
                            "arguments": "-np 2 -c '4096'",
                            "idle_unload_seconds": 0, "preload": true, "env": { "A": "b", "N": 1 }, "memory": "9 GiB", "gpu": "auto" },
                  "small": { "hf": "org/repo:Q4_K_M" }
                },
                "llama_server": "bin/llama-server", "max_loaded": 3, "memory": "20 GiB", "ports": "9100-9101",
                "min_loaded_seconds": 0, "start_seconds": 0.5
            } }
            """).Pool!;

        var (qwen, small) = (pool.Models[0], pool.Models[1]);
        Assert.Equal(2, pool.Models.Count);
        Assert.Equal(
            ["llama-server", "-m", $"{_folder.Home}/m/qwen.gguf", "--port", "9100", "--slot-save-path", "/s", "-np", "2", "-c", "4096"],
            qwen.CommandLine("other", 9100, "/s"));
        Assert.Equal((TimeSpan.Zero, true, 9L << 30, "auto"), (qwen.IdleUnload, qwen.Preload, qwen.Memory, qwen.Gpu));
        Assert.Equal("b 1", $"{qwen.Environment["A"]} {qwen.Environment["N"]}");
        Assert.Equal(
            ["/l", "-hf", "org/repo:Q4_K_M", "--host", "127.0.0.1", "--port", "9", "--slot-save-path", "/s"],
            small.CommandLine("/l", 9, "/s"));
        Assert.Equal((TimeSpan.FromMinutes(15), false, null, null), (small.IdleUnload, small.Preload, small.Memory, small.Gpu));
        Assert.Equal(Path.Combine(_folder.Folder, "bin", "llama-server"), pool.LlamaServer);
        Assert.Equal((3, 20L << 30, new PortRange(9100, 9101)), (pool.MaxLoaded, pool.Memory, pool.Ports));
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(0.5)), (pool.MinLoaded, pool.StartLimit));
    }

    [Fact]
    public void Load_OnlyModels_HasTheDefaults()
    {
        const string Json = """{ "pool": { "models": { "a": { "hf": "o/r", "memory": null, "gpu": null } }, "memory": null } }""";

        var pool = _folder.Valid(Json).Pool!;

        Assert.Equal(("llama-server", 2, (long?)null), (pool.LlamaServer, pool.MaxLoaded, pool.Memory));
        Assert.Equal("9100-9199", $"{pool.Ports}");
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5)), (pool.MinLoaded, pool.StartLimit));
    }

    [Theory]
    [InlineData("1", "pool is 1; expected an object, e.g. {")]
    [InlineData("{}", "pool: \"models\" is missing")]
    [InlineData("""{ "models": {} }""", "pool.models is an object; expected an object with at least one model")]
    [InlineData("""{ "models": { "a": 1 } }""", "pool.models.a is 1; expected an object")]
    [InlineData("""{ "models": { "a b": { "hf": "o/r" } } }""", "pool.models is \"a b\" as the name of a model; expected one or more")]
    [InlineData("""{ "models": { "a/b": { "hf": "o/r" } } }""", "pool.models is \"a/b\" as the name of a model; expected one or more")]
    [InlineData("""{ "models": { "a": {} } }""", "pool.models.a: neither \"command\" nor \"hf\" is given; expected one of them")]
    [InlineData(
        """{ "models": { "a": { "hf": "o/r", "command": "x ${port}" } } }""", "pool.models.a: both \"command\" and \"hf\" are given")]
    [InlineData("""{ "models": { "a": { "hf": "repo" } } }""", "pool.models.a.hf is \"repo\"; expected a repository")]
    [InlineData("""{ "models": { "a": { "hf": "-x/y" } } }""", "pool.models.a.hf is \"-x/y\"; expected a repository")]
    [InlineData(
        """{ "models": { "a": { "command": "llama-server" } } }""",
        "pool.models.a.command is \"llama-server\"; expected a command with ${port}")]
    [InlineData("""{ "models": { "a": { "command": 3 } } }""", "pool.models.a.command is 3; expected a string, split at blanks")]
    [InlineData(
        """{ "models": { "a": { "command": "x '${port}" } } }""",
        "pool.models.a.command is \"x '${port}\"; expected the closing ' of a quoted text")]
    [InlineData(
        """{ "models": { "a": { "command": "x ${port} ${slot}" } } }""", "expected ${port} or ${slots} instead of ${slot}")]
    [InlineData("""{ "models": { "a": { "hf": "o/r", "env": [] } } }""", "pool.models.a.env is an array; expected an object of names")]
    [InlineData("""{ "models": { "a": { "hf": "o/r", "env": { "A=": "1" } } } }""", "pool.models.a.env is an object; expected an object")]
    [InlineData("""{ "models": { "a": { "hf": "o/r", "gpu": "" } } }""", "pool.models.a.gpu is \"\"; expected \"auto\"")]
    [InlineData("""{ "models": { "a": { "hf": "o/r", "memory": 9 } } }""", "pool.models.a.memory is 9; expected a size with its unit")]
    [InlineData(
        """{ "models": { "a": { "hf": "o/r", "prelaod": 1 } } }""",
        "pool.models.a.prelaod: unknown key; did you mean \"preload\"?")]
    [InlineData(
        """{ "models": { "a": { "hf": "o/r" } }, "max_laoded": 1 }""",
        "pool.max_laoded: unknown key; did you mean \"max_loaded\"?")]
    [InlineData("""{ "models": { "a": { "hf": "o/r" } }, "zzz": 1 }""", "pool.zzz: unknown key; the keys here are models, llama_server")]
    [InlineData("""{ "models": { "a": { "hf": "o/r" } }, "max_loaded": 0 }""", "pool.max_loaded is 0; expected a whole number from 1")]
    [InlineData("""{ "models": { "a": { "hf": "o/r" } }, "llama_server": "" }""", "pool.llama_server is \"\"; expected a program")]
    [InlineData("""{ "models": { "a": { "hf": "o/r" } }, "ports": "9199-9100" }""", "pool.ports is \"9199-9100\"; expected two ports")]
    [InlineData("""{ "models": { "a": { "hf": "o/r" } }, "ports": "0-1" }""", "pool.ports is \"0-1\"; expected two ports")]
    [InlineData("""{ "models": { "a": { "hf": "o/r" } }, "ports": "1-2-3" }""", "pool.ports is \"1-2-3\"; expected two ports")]
    public void Load_Mistake_IsNamed(string pool, string expected) =>
        Assert.Contains(expected, Assert.Single(_folder.Errors($$"""{ "pool": {{pool}} }""")), StringComparison.Ordinal);

    [Fact]
    public void Load_SeveralMistakes_AreAllReported() =>
        Assert.Equal(4, _folder.Errors(
            """{ "pool": { "models": { "a": { "hf": 1, "preload": 1 }, "b": {} }, "ports": 1 } }""").Length);
}
