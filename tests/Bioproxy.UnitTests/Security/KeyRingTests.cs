using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Security;

public sealed class KeyRingTests
{
    private const string Secret = "the key of alice";

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("Authorization", "Bearer the key of alice")]
    [InlineData("Authorization", "bearer  the key of alice ")]
    [InlineData("X-Api-Key", "the key of alice")]
    [InlineData("Authorization", "Basic:anybody:the key of alice")]
    [InlineData("Authorization", "Basic:the key of alice:")]
    [InlineData("Authorization", "Basic:the key of alice")]
    public void Identify_TheKeyInAnyForm_IsFound(string header, string value)
    {
        var client = Ring(Alice).Identify(Headers((header, Encode(value))));

        Assert.Equal(("alice", Secret), (client?.Key.Name, client?.Text));
        Assert.Equal("alice", client?.ToString());
    }

    [Theory]
    [InlineData("Authorization", "Bearer the key of alic")]
    [InlineData("Authorization", "Bearer the key of alicf")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "the key of alice")]
    [InlineData("Authorization", "Basic §§")]
    [InlineData("Authorization", "Basic:the key of alice:wrong")]
    [InlineData("X-Api-Key", "")]
    [InlineData("Api-Key", "the key of alice")]
    public void Identify_AnythingElse_IsNobody(string header, string value) =>
        Assert.Null(Ring(Alice).Identify(Headers((header, Encode(value)))));

    [Fact]
    public void Identify_APlaceholderBesideTheKey_IsTheKey() =>
        Assert.Equal("alice", Ring(Alice).Identify(Headers(("Authorization", "Bearer dummy"), ("X-Api-Key", Secret)))?.Key.Name);

    [Fact]
    public void Find_TooLongText_IsNobody() => Assert.Null(Ring(Alice).Find(Secret + new string(' ', 10_000)));

    [Fact]
    public void Find_ManyKeys_EachIsItself()
    {
        var names = Enumerable.Range(0, 500).Select(i => $"key-{i}").ToList();
        var ring = Ring([.. names.Select(name => new ApiKeyOptions(name, KeyHash.OfKey($"{name} of somebody")))]);

        Assert.All(names, name => Assert.Equal(name, ring.Find($"{name} of somebody")?.Name));
        Assert.False(ring.IsOpen);
    }

    [Fact]
    public void Use_KeyThatStays_KeepsWhatItHasUsedUp()
    {
        var limited = Alice with { RequestsPerMinute = 1, Models = ["coder"] };
        var ring = Ring(limited);
        Assert.Null(ring.Find(Secret)!.Admit());

        ring.Use([limited with { Models = ["coder"] }, new("bob", KeyHash.OfKey("the key of bob"))]);
        Assert.Equal(("requests_per_minute", TimeSpan.FromMinutes(1)), ring.Find(Secret)!.Admit());

        ring.Use([limited with { RequestsPerMinute = 2 }]);
        Assert.Null(ring.Find(Secret)!.Admit());
        Assert.Null(ring.Find("the key of bob"));
    }

    [Fact]
    public void Use_NoKeys_LetsEverybodyIn()
    {
        var ring = Ring(Alice);

        ring.Use([]);

        Assert.True(ring.IsOpen);
    }

    [Theory]
    [InlineData("coder", null, true)]
    [InlineData("claude-opus", null, true)]
    [InlineData("gpt", "coder", true)]
    [InlineData("gpt", "llama", false)]
    [InlineData(null, null, false)]
    [InlineData("Coder", null, false)]
    public void Allows_NameOrPattern_OfWhatIsAskedOrServes(string? asked, string? served, bool expected) =>
        Assert.Equal(expected, new ApiKey(Alice with { Models = ["coder", "claude-*"] }, _time).Allows(asked, served));

    private static ApiKeyOptions Alice => new("alice", KeyHash.OfKey(Secret)) { Lane = PromptLane.Interactive };

    private static HeaderDictionary Headers(params (string Name, string Value)[] headers)
    {
        var all = new HeaderDictionary();
        foreach (var (name, value) in headers)
            all[name] = value;
        return all;
    }

    private static string Encode(string value) => value.StartsWith("Basic:", StringComparison.Ordinal)
        ? $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(value["Basic:".Length..]))}"
        : value;

    private KeyRing Ring(params ApiKeyOptions[] keys) =>
        new(new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", ApiKeys = keys }, _time);
}
