using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using NJsonSchema;

namespace Bioproxy.UnitTests.Configuration;

/// <summary>The schema that editors read says what the loader says.</summary>
public sealed class ConfigurationSchemaTests : IDisposable
{
    private static readonly JsonDocumentOptions Comments = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void File_InTheRepository_IsWhatIsGenerated() => Assert.True(
        File.ReadAllText(Path.Combine(RepositoryFolder.Root!, "config.schema.json")).ReplaceLineEndings("\n") == ConfigurationSchema.Text,
        "config.schema.json is out of date: dotnet run --project src/Bioproxy.Host -- schema > config.schema.json");

    [Fact]
    public async Task Example_InTheRepository_IsValid()
    {
        var schema = await JsonSchema.FromJsonAsync(ConfigurationSchema.Text);

        Assert.Empty(schema.Validate(JsonNode.Parse(ExampleConfiguration.Text, documentOptions: Comments)!.ToJsonString()));
    }

    [Theory]
    [InlineData("""{ "proxy_port": 8080, "kv": { "save": "always", "max_bytes": "1.5 GiB" }, "$schema": "x" }""")]
    [InlineData("""{ "backends": { "a": { "url": "http://a:1", "kind": "ollama", "capacity": 2, "forward_api_key": true } } }""")]
    [InlineData("""{ "models": { "m": { "use": ["default"], "aliases": ["claude-*"] } } }""")]
    [InlineData("""{ "pool": { "models": { "q": { "command": "x ${port}", "env": { "A": 1 }, "gpu": null } }, "memory": null } }""")]
    [InlineData("""{ "plugins": { "Acme": { "any": ["thing"] } }, "agents": ["rag"], "log_level": "debug" }""")]
    [InlineData("""{ "admin_key": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "forward_api_key": false }""")]
    [InlineData("""{ "api_keys": { "a": { "key": "env:A_KEY", "lane": "batch", "models": [], "tokens_per_minute": 1 } } }""")]
    [InlineData("""{ "api_keys": { "a": "env:A_KEY" } }""")]
    public async Task Valid_Configuration_IsValidByBoth(string json)
    {
        _folder.Environment["A_KEY"] = "a key that is long enough";
        var schema = await JsonSchema.FromJsonAsync(ConfigurationSchema.Text);

        Assert.Empty(schema.Validate(json));
        _folder.Valid(json);
    }

    [Theory]
    [InlineData("""{ "proxy_prot": 1 }""")]
    [InlineData("""{ "proxy_port": "1" }""")]
    [InlineData("""{ "proxy_port": 65536 }""")]
    [InlineData("""{ "proxy_port": 1.5 }""")]
    [InlineData("""{ "kv": { "enabeld": true } }""")]
    [InlineData("""{ "kv": true }""")]
    [InlineData("""{ "kv": { "save": "sometimes" } }""")]
    [InlineData("""{ "kv": { "max_bytes": 5 } }""")]
    [InlineData("""{ "timeouts": { "connect_seconds": 0 } }""")]
    [InlineData("""{ "backends": { "a": { "kind": "ollama" } } }""")]
    [InlineData("""{ "backends": { "a": { "url": "http://a:1", "port": 1 } } }""")]
    [InlineData("""{ "api_keys": { "a": "a key in plain text" } }""")]
    [InlineData("""{ "api_keys": { "a": { "lane": "batch" } } }""")]
    [InlineData("""{ "pool": { "max_loaded": 1 } }""")]
    [InlineData("""{ "trusted_proxies": "10.0.0.1" }""")]
    public async Task Mistake_InAConfiguration_IsOneForBoth(string json)
    {
        var schema = await JsonSchema.FromJsonAsync(ConfigurationSchema.Text);

        Assert.NotEmpty(schema.Validate(json));
        _folder.Errors(json);
    }

    [Fact]
    public void Keys_All_HaveADescription()
    {
        var bare = ConfigurationKeys.All.Where(key => ExampleConfiguration.DescriptionOf(key.Name).Length < 10).Select(key => key.Name);

        Assert.Empty(bare);
    }

    [Theory]
    [InlineData("admin_port", "Health, metrics and status have a port of their own, so that clients need not reach it.")]
    [InlineData("preambles.min_tokens", "Shorter ones are computed each time.")]
    [InlineData("swap", "Servers with several models that load one for another: llama-server's router mode, llama-swap.")]
    public void Description_OfAKey_IsTheCommentAboveIt(string key, string expected) =>
        Assert.Equal(expected, ExampleConfiguration.DescriptionOf(key));
}
