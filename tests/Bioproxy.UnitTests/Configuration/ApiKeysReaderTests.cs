using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class ApiKeysReaderTests : IDisposable
{
    private const string Plain = "a key in plain text";

    private static readonly KeyHash Hash = KeyHash.OfKey(Plain);

    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_Entries_AreReadWithWhatTheyMayDo()
    {
        _folder.Environment["NIGHTLY_KEY"] = "the key of the night";
        var keys = _folder.Valid($$"""
            {
              "api_keys": {
                "alice": {
                  "key": "{{Hash}}", "models": ["coder"], "requests_per_minute": 6, "tokens_per_minute": 7, "full_access": true
                },
                "nightly": { "key": "env:NIGHTLY_KEY", "lane": "batch" },
                "short": "sha256:{{new string('A', 64)}}"
              }
            }
            """).ApiKeys;

        Assert.Equal(["alice", "nightly", "short"], keys.Select(key => key.Name));
        Assert.Equal(
            (Hash, 6L, 7L, true, "coder"),
            (keys[0].Hash, keys[0].RequestsPerMinute, keys[0].TokensPerMinute, keys[0].HasFullAccess, Assert.Single(keys[0].Models)));
        Assert.Equal((KeyHash.OfKey("the key of the night"), PromptLane.Batch), (keys[1].Hash, keys[1].Lane));
        Assert.Equal(new string('a', 64), keys[2].Hash.Hex);
    }

    [Theory]
    [InlineData("\"a key in plain text\"", "api_keys.alice is neither a hash nor the name of a variable; expected \"sha256:…\"")]
    [InlineData("\"sha256:a key in plain text\"", "api_keys.alice is neither a hash nor the name of a variable; expected")]
    [InlineData("{ \"key\": \"a key in plain text\" }", "api_keys.alice.key is neither a hash nor the name of a variable; expected")]
    [InlineData("\"env:NO_SUCH\"", "api_keys.alice is \"env:NO_SUCH\", and that variable is not set; expected")]
    [InlineData("\"env:TOO_SHORT\"", "api_keys.alice is a key that is too short; expected a key of at least 16 characters in that")]
    [InlineData("{ \"lane\": \"batch\" }", "api_keys.alice.key: is missing; expected \"sha256:…\"")]
    [InlineData("{ \"key\": \"env:GOOD\", \"lane\": \"fast\" }", "api_keys.alice.lane is \"fast\"; expected interactive, batch")]
    [InlineData("{ \"key\": \"env:GOOD\", \"model\": [] }", "api_keys.alice.model: unknown key; did you mean \"models\"?")]
    [InlineData("7", "api_keys.alice is 7; expected an object or a text")]
    public void Load_Mistake_IsNamedWithoutTheKey(string entry, string expected)
    {
        _folder.Environment["TOO_SHORT"] = "plain";
        _folder.Environment["GOOD"] = "a good and long key";

        var error = Assert.Single(_folder.Errors($$"""{ "api_keys": { "alice": {{entry}} } }"""));

        Assert.StartsWith($"config.json, line 1: {expected}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("plain", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OneKeyUnderTwoNames_IsAMistake() =>
        Assert.Equal(
            ["config.json, line 1: api_keys is one key for a and b; expected a key of its own for each name"],
            _folder.Errors($$"""{ "api_keys": { "a": "{{Hash}}", "b": "{{Hash}}" } }"""));

    [Theory]
    [InlineData("\"a key in plain text\"", false)]
    [InlineData("\"env:ADMIN\"", true)]
    [InlineData("null", true)]
    public void Load_AdminKeyInTheFile_IsAHashOrAVariable(string value, bool isValid)
    {
        _folder.Environment["ADMIN"] = Plain;

        Assert.Equal(isValid, _folder.Load($$"""{ "admin_key": {{value}} }""").IsValid);
    }

    [Fact]
    public void Load_AdminKeyInTheEnvironment_MayBeTheKeyItself()
    {
        _folder.Environment["BIOPROXY_ADMIN_KEY"] = Plain;

        var admin = _folder.Valid().AdminKey;

        Assert.Equal((Hash, Plain, "admin_key"), (admin?.Hash, admin?.Key, admin?.ToString()));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.168.1.2")]
    [InlineData("gpu.example")]
    public void Load_HostThatOthersReachWithoutKeys_IsRefusedWithTheRemedy(string host)
    {
        Assert.Equal(
            [
                $"config.json, line 1: proxy_host is \"{host}\", which others can reach, and there are no api_keys; expected api_keys "
                + "(bioproxy key new NAME prints an entry), \"localhost\" as proxy_host, or \"allow_open\": true to let everybody in",
            ],
            _folder.Errors($$"""{ "proxy_host": "{{host}}" }"""));
        Assert.Equal(
            [
                $"config.json, line 1: admin_host is \"{host}\", which others can reach, and there is no admin_key; expected an "
                + "admin_key (bioproxy key new admin prints one), or \"localhost\" as admin_host",
            ],
            _folder.Errors($$"""{ "admin_host": "{{host}}", "allow_open": true }"""));

        _folder.Valid($$"""{ "proxy_host": "{{host}}", "allow_open": true }""");
        _folder.Valid($$"""{ "proxy_host": "{{host}}", "api_keys": { "a": "{{Hash}}" } }""");
        _folder.Valid($$"""{ "admin_host": "{{host}}", "admin_key": "{{Hash}}" }""");
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.2")]
    [InlineData("::1")]
    public void Load_HostOfThisMachine_NeedsNoKeys(string host) =>
        _folder.Valid($$"""{ "proxy_host": "{{host}}", "admin_host": "{{host}}" }""");
}
