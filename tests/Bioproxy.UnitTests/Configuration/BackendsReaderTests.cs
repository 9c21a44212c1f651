using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class BackendsReaderTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_SeveralBackends_AreReadWithTheirModels()
    {
        var options = _folder.Valid("""
            {
              "backends": {
                "desk": { "url": "http://localhost:8081", "slot_directory": "home" },
                "gpu": { "url": "http://gpu:9292", "kind": "openai", "api_key": "k", "capacity": 8 }
              },
              "models": { "coder": { "use": ["desk", "gpu/qwen"], "aliases": ["gpt-4o", "claude-*"] } },
              "default_model": "coder",
              "storage": { "nas": ["home", "/mnt/slots"] },
              "prefixes": { "@code": { "template": "config.json", "models": ["coder"] } }
            }
            """);

        Assert.Equal(
            [
                new BackendOptions("desk", new Uri("http://localhost:8081")) { SlotDirectory = _folder.Home },
                new BackendOptions("gpu", new Uri("http://gpu:9292")) { Kind = BackendKind.OpenAi, ApiKey = "k", Capacity = 8 },
            ],
            options.AllBackends);
        var model = Assert.Single(options.Models);
        Assert.Equal(("coder", "desk gpu/qwen"), (model.Name, string.Join(' ', model.Use)));
        Assert.Equal(["gpt-4o", "claude-*"], model.Aliases);
        Assert.Equal("nas", options.Storage["/mnt/slots"]);
        Assert.Equal(["coder"], options.PrefixModels["@code"]);
        Assert.Equal("@code", Assert.Single(options.Prefixes).Key);
    }

    [Fact]
    public void Load_BackendUrlAlone_IsTheBackendNamedDefault()
    {
        var backend = Assert.Single(_folder.Valid("""{ "backend_url": "http://gpu:1", "kv": { "directory": "home" } }""").AllBackends);

        Assert.Equal(("default", new Uri("http://gpu:1"), _folder.Home), (backend.Name, backend.Url, backend.SlotDirectory));
    }

    [Fact]
    public void Load_BackendUrlBesideBackends_ComesFirst()
    {
        var options = _folder.Valid("""{ "backend_url": "http://a:1", "backends": { "b": { "url": "http://b:1" } } }""");

        Assert.Equal(["default", "b"], options.AllBackends.Select(backend => backend.Name));
    }

    [Fact]
    public void Load_Mistakes_AreAllNamed()
    {
        var errors = _folder.Errors("""
            {
              "backends": {
                "a b": { "url": "http://a:1" },
                "c": { "kind": "llama" },
                "d": { "url": "nowhere", "slots": 3, "capacity": 0 },
                "default": { "url": "http://e:1" },
              },
              "backend_url": "http://f:1",
              "models": { "m": { "use": ["x"] }, "n": {}, "o": { "use": "x" } },
              "default_model": "p",
              "storage": { "nas": "home" },
            }
            """);

        Assert.Equal(
            "config.json, line 4: backends.c.kind is \"llama\"; expected auto, llama-server, router, llama-swap, ollama, openai",
            errors.Single(error => error.Contains("backends.c.kind", StringComparison.Ordinal)));
        Assert.All(
            [
                "backends is \"a b\" as a name", "backends.c.url is", "backends.d.url is", "backends.d.capacity is", "backends.d.slots",
                "backends.default is", "models.m.use is", "models.n.use is", "models.o.use is", "default_model is \"p\"", "storage.nas is",
            ],
            mistake => Assert.Contains(errors, error => error.Contains(mistake, StringComparison.Ordinal)));
        Assert.Equal(12, errors.Length);
    }
}
