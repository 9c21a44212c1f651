using System.Net;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Requests;

public sealed class CallerTests
{
    private static readonly ProxyOptions Options = new()
    {
        BaseDirectory = "/",
        StateDirectory = "/",
        BatchApiKeys = ["nightly"],
        KvDomainHeader = "X-User",
    };

    [Theory]
    [InlineData("Authorization", "Bearer secret")]
    [InlineData("Authorization", "bearer  secret ")]
    [InlineData("X-Api-Key", "secret")]
    public void Of_TheSameKeyAnywhere_IsTheSameCaller(string header, string value)
    {
        var caller = Of((header, value));

        Assert.Equal(Caller.DomainOf("secret", ""), caller.Domain);
        Assert.Equal(Of(("Authorization", "Bearer secret")), caller);
        Assert.DoesNotContain("secret", caller.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Proxies of a cluster tell clients apart by this number: it must be the same in all of them.</summary>
    [Fact]
    public void Of_AnyProcess_HasTheSameClientNumber() =>
        Assert.Equal(10505899927238055106UL, Of(("Authorization", "Bearer secret")).Client);

    [Fact]
    public void Of_AnotherKeyOrUserHeader_IsAnotherDomain()
    {
        string?[] domains =
        [
            Of().Domain,
            Of(("X-Api-Key", "one")).Domain,
            Of(("X-Api-Key", "two")).Domain,
            Of(("X-User", "ada")).Domain,
            Of(("X-User", "bob")).Domain,
            Of(("X-Api-Key", "one"), ("X-User", "ada")).Domain,
            Of(("X-Api-Key", "ada")).Domain,
        ];

        Assert.Null(domains[0]);
        Assert.Distinct(domains);
        Assert.Equal(Caller.DomainOf("", "ada"), domains[3]);
    }

    [Fact]
    public void Of_AKnownKey_IsItsNameAndNobodyElse()
    {
        var alice = new ApiKey(new ApiKeyOptions("alice", KeyHash.OfKey("x")) { Lane = PromptLane.Batch }, TimeProvider.System);

        var caller = Caller.Of(Headers(("X-Bioproxy-Lane", "interactive")), null, null, Options, alice);

        Assert.Equal((Caller.DomainOf(ApiKey.ScopeOf("alice"), ""), PromptLane.Batch), (caller.Domain, caller.Lane));
        Assert.NotEqual(Of(("X-Api-Key", "alice")).Domain, caller.Domain);
    }

    [Fact]
    public void Of_DomainHeaderNotConfigured_IsIgnored() =>
        Assert.Null(Of(Options with { KvDomainHeader = null }, "{}", ("X-User", "ada")).Domain);

    [Theory]
    [InlineData(null, null, PromptLane.Interactive)]
    [InlineData("batch", null, PromptLane.Batch)]
    [InlineData("BATCH", null, PromptLane.Batch)]
    [InlineData("interactive", null, PromptLane.Interactive)]
    [InlineData("warm_up", null, null)]
    [InlineData("urgent", null, null)]
    [InlineData(null, "nightly", PromptLane.Batch)]
    [InlineData("batch", "nightly", PromptLane.Batch)]
    [InlineData("interactive", "nightly", PromptLane.Batch)] // the operator decides about keys
    [InlineData("interactive", "Nightly", PromptLane.Interactive)]
    public void Of_LaneHeaderAndKey_GiveTheLane(string? lane, string? key, PromptLane? expected)
    {
        List<(string, string)> headers = [];
        if (lane is not null)
            headers.Add((Caller.LaneHeader, lane));
        if (key is not null)
            headers.Add(("X-Api-Key", key));

        Assert.Equal(expected, Of([.. headers]).Lane);
    }

    [Fact]
    public void Of_Session_ComesFromTheHeaderElseFromTheBody()
    {
        const string Keyed = """{"prompt_cache_key":"chat-1","messages":[]}""";

        Assert.Null(Of().Session);
        Assert.NotNull(Of(Options, Keyed).Session);
        Assert.NotEqual(Of(Options, Keyed).Session, Of(Options, Keyed.Replace('1', '2')).Session);
        Assert.Equal(Of(("X-Session-Id", "chat-9")).Session, Of(Options, Keyed, ("X-Session-Id", "chat-9")).Session);
        Assert.NotEqual(Of(("X-Session-Id", "chat-8")).Session, Of(("X-Session-Id", "chat-9")).Session);
        Assert.Equal(Of(Options, Keyed).Session, Of(Options, Keyed, ("X-Session-Id", "")).Session);
    }

    [Fact]
    public void Of_Client_IsTheKeyElseTheAddressAndTheUser()
    {
        ulong[] clients =
        [
            Of().Client,
            Of(Options, """{"user":"ada"}""").Client,
            Of(Options, """{"user":"bob"}""").Client,
            Of(("X-Api-Key", "one")).Client,
            Of(Options, """{"user":"ada"}""", ("X-Api-Key", "one")).Client,
            Of(("X-User", "ada")).Client,
        ];

        Assert.Distinct(clients);
        Assert.NotEqual(Of().Client, Caller.Of(Headers(), IPAddress.Parse("192.0.2.7"), null, Options).Client);
        Assert.Equal(
            Of(("X-Api-Key", "one")).Client,
            Caller.Of(Headers(("X-Api-Key", "one")), IPAddress.Parse("192.0.2.7"), null, Options).Client);
    }

    [Fact]
    public void Of_UserInTheBody_IsNoDomain() => Assert.Null(Of(Options, """{"user":"ada"}""").Domain);

    private static Caller Of(params (string Name, string Value)[] headers) => Of(Options, "{}", headers);

    private static Caller Of(ProxyOptions options, string body, params (string Name, string Value)[] headers) =>
        Caller.Of(
            Headers(headers),
            IPAddress.Parse("192.0.2.1"),
            PromptBody.Read(Encoding.UTF8.GetBytes(body), PromptEndpoint.Chat),
            options);

    private static HeaderDictionary Headers(params (string Name, string Value)[] headers)
    {
        var all = new HeaderDictionary();
        foreach (var (name, value) in headers)
            all[name] = value;
        return all;
    }
}
