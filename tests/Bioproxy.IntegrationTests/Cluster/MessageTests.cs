using System.Text.Json;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Two versions of the program are in a cluster at the same time while it is updated: each reads what the other wrote.</summary>
public sealed class MessageTests(ITestOutputHelper output)
{
    private static readonly Guid _turn = new("0a1b2c3d-0000-4000-8000-00000000002a");
    private static readonly DateTimeOffset _at = new(2026, 11, 29, 23, 5, 20, TimeSpan.Zero);

    private static readonly JsonSerializerOptions _allMembers = new() { IncludeFields = true };

    private static readonly PromptMessage _prompt = new()
    {
        Text = new byte[] { 1, 2, 3 },
        Hashes = new byte[] { 4, 5 },
        TailCheck = 6,
        Marks = (7, 8, 9),
        HasSystemMember = true,
        Session = "session",
        IsSessionShared = true,
        Turns = 10,
        Tools = 11,
        Side = 12,
        IsRepeated = true,
        CanPin = true,
        Length = 13,
        Checksums = (14, 15),
    };

    private static readonly PlacementMessage _placement = new()
    {
        IsManaged = true,
        Pin = 1,
        Slot = 2,
        Source = 3,
        SharedBytes = 4,
        ForbidsReuse = true,
        ExpectedTokens = 5.5,
        IsExpectedInRam = true,
        IsPartial = true,
        Options = [new OptionMessage(1, 2, 3.5, 4.5, 5.5, 6, true, true, true)],
    };

    private static readonly TurnAnswer _answer = new()
    {
        Placement = _placement,
        Refusal = 1,
        Waited = TimeSpan.FromSeconds(2),
        RetryAfter = TimeSpan.FromSeconds(3),
        Failure = "failure",
        FailureKind = 4,
        IsUnknown = true,
        Weight = 5,
    };

    private static readonly TurnEstimate _estimate = new(1.5, 2.5, 3.5, 4.5, 5.5, true, true);

    private static readonly CatalogueEntry _entry = new() { Key = "snapshot/a", Value = [1, 2], At = _at };

    private static readonly PoolMessage _pool = new()
    {
        Address = "http://10.0.0.5:8088/",
        Models =
        [
            new()
            {
                Name = "m1", State = "ready", LoadSeconds = 1.5, Slots = 2, Context = 3, Meta = "n_params=4", Type = "5", Build = "6",
                Adapters = "[]", SeesImages = true, CallsTools = true,
            },
        ],
    };

    /// <summary>One of each kind, with a value in every member.</summary>
    private static readonly object[] _messages =
    [
        new TurnRequest
        {
            Turn = _turn, Proxy = "10.0.0.5:11111", Model = "model", Lane = 1, Weight = 2, Client = 3, PromptSeconds = 4.5, Domain = "d",
            Prompt = _prompt,
        },
        _answer,
        new TurnOutcome
        {
            IsComplete = true, IsStreaming = true, Coverage = 0.5, Slot = 1, HasOtherExplanation = true,
            Timings = new TimingsMessage(1, 2, 3, 4.5),
        },
        new HeldTurn { Turn = _turn, Model = "model", Lane = 1, Weight = 2, Slot = 3 },
        new EstimateRequest { Model = "model", Lane = 1, Weight = 2, Prompt = _prompt },
        _estimate,
        _entry,
        new ProxyReport
        {
            Proxy = "10.0.0.5:11111", Version = "1", Configuration = "2", ConfiguredAt = _at, Owns = ["s1"], Status = [1],
            IsDraining = true, Servers = ["s1", "s2"], Pool = _pool, Loads = [new ServerLoad("s1", 2, 3, 4)],
        },
        new AdminRequest { Proxy = "10.0.0.5:11111", Method = "GET", Path = "/kv", Query = "?a=b", ContentType = "text/plain", Body = [1] },
        new AdminReply { Status = 200, ContentType = "text/plain", Body = [1] },
        _pool,
        _pool.Models[0],
        new ServerReply { Activation = _turn, Proxy = "10.0.0.5:11111", IsOwner = true, Answer = _answer, Estimate = _estimate },
        new CatalogueSync { Proxy = "10.0.0.5:11111", Activation = _turn, Seen = 1, Entries = [_entry] },
        new CatalogueReply { Activation = _turn, Sequence = 1, CanSave = true, Entries = [_entry] },
        new Bioproxy.Cluster.Catalogue.CatalogueState { Entries = [_entry] },
    ];

    public static TheoryData<string> Kinds => [.. _messages.Select(static message => message.GetType().Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Message_WrittenByFirstVersion_IsRead(string kind)
    {
        var message = _messages.Single(message => message.GetType().Name == kind);
        using var services = new ServiceCollection()
            .AddSerializer(static serializer => serializer.AddAssembly(typeof(ClusterNode).Assembly)).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        output.WriteLine($"[\"{kind}\"] = \"{Convert.ToBase64String(serializer.SerializeToArray<object>(message))}\",");

        var read = serializer.Deserialize<object>(Convert.FromBase64String(FirstVersion.Messages[kind]));
        Assert.Equal(Text(message), Text(read));
    }

    private static readonly string[] _partsOfOthers =
        [nameof(PromptMessage), nameof(PlacementMessage), nameof(PreambleMessage), nameof(TimingsMessage)];

    [Fact]
    public void Messages_AllKinds_HaveAnExample()
    {
        var kinds = typeof(TurnRequest).Assembly.GetTypes()
            .Where(static type => type.Namespace == typeof(TurnRequest).Namespace && type.IsDefined(typeof(AliasAttribute), false)
                && !type.IsValueType)
            .Select(static type => type.Name)
            .Except(_partsOfOthers);
        Assert.Empty(kinds.Except(_messages.Select(static message => message.GetType().Name)));
    }

#pragma warning disable RS0030 // Reflection is what a test of every member needs.
    private static string Text(object? message) =>
        JsonSerializer.Serialize(message, _allMembers);
#pragma warning restore RS0030
}
