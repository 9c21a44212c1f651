using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Preambles;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.PromptTests;
using Bioproxy.UnitTests.Requests;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>Clients go round all proxies; the owner recognises what a single proxy would.</summary>
public sealed class OtherPromptTests : IDisposable
{
    private static readonly string Rules = new('r', 4000);
    private readonly RecentPrompts _recent = new();
    private readonly ConversationTracker _owner;
    private readonly List<(RecentPrompts Recent, ConversationTracker Conversations)> _guests = [];
    private readonly PreambleFinder _preambles =
        new(new ProxyOptions { BaseDirectory = "", StateDirectory = "", PreamblesMax = 3 }, new LearnedRates());

    public OtherPromptTests()
    {
        _owner = new ConversationTracker(_recent);
        for (var i = 0; i < 3; i++)
        {
            var recent = new RecentPrompts();
            _guests.Add((recent, new ConversationTracker(recent)));
        }
    }

    public void Dispose()
    {
        _recent.Dispose();
        foreach (var guest in _guests)
            guest.Recent.Dispose();
    }

    /// <summary>The recorded agents of <c>ConversationTrackerTests</c>, each request through the next of three proxies.</summary>
    [Fact]
    public void Recognise_RecordedAgentsRoundRobin_AsThroughOneProxy()
    {
        var unlikeGuests = 0;
        foreach (var (at, one) in RecordedRequest.All().Index())
        {
            var (guess, kind) = Ask(at, Body(one.Tools, one.Messages, one.Limit), one.Session);

            unlikeGuests += guess == kind ? 0 : 1;
            Assert.True(kind == one.Expected, $"{kind} instead of {one.Expected}: {one.Line}");
        }

        Assert.True(unlikeGuests > 0, "each proxy alone would have recognised all of them: the test shows nothing");
    }

    [Fact]
    public void Recognise_ConversationIsOnAnotherServer_WhatTheProxySaysCounts()
    {
        var (recent, conversations) = _guests[0];
        Keep(recent, conversations, Body(10, ["system:Agent.", "user:q"], "-"), "one"); // to a server with another owner

        var (guess, kind) = Ask(0, Body(0, ["system:Titles.", "user:q"], "-"), "one");

        Assert.Equal((SideKind.Beside, SideKind.Beside), (guess, kind));
    }

    [Fact]
    public void Ask_TwoConversationsThroughTwoProxies_TheSecondOneBringsThePreamble()
    {
        Assert.Null(Serve(0, "what?"));
        Assert.NotNull(Serve(1, "why?"));
        Assert.Null(Serve(2, "when?"));

        var alone = new PreambleFinder(
            new ProxyOptions { BaseDirectory = "", StateDirectory = "", PreamblesMax = 3 }, new LearnedRates());
        foreach (var question in new[] { "what?", "why?", "when?" })
        {
            using var prompt = TestPrompts.Chat(Chat(question));
            alone.Observe(prompt, PromptEndpoint.Chat, () => Encoding.UTF8.GetBytes(Chat(question)));
        }

        var (found, expected) = (Assert.Single(_preambles.All), Assert.Single(alone.All));
        Assert.Equal(expected.Name, found.Name);
        Assert.Equal(expected.Uses, found.Uses);
        Assert.Equal(Encoding.UTF8.GetString(expected.Cut.With("more")), Encoding.UTF8.GetString(found.Cut.With("more")));
        Assert.Equal("ada", found.Domain);
    }

    [Fact]
    public void Read_TurnOfAnEarlierOwner_ItsPreambleIsNobodys()
    {
        Serve(0, "what?");
        var cut = Cut("why?");

        new GrantedTurn("guest", new ModelTurn(), null, null)
            .Read(PlacementMessages.Of(new WorkOutcome(IsComplete: true, IsStreaming: true, null, 1) { Preamble = cut }));

        Assert.Empty(_preambles.All);
    }

    [Fact]
    public void Dispose_PromptsJoinTheRecentOnes_AndAreDisposedWithThem()
    {
        using var prompt = TestPrompts.Chat(Chat("what?"));
        var other = new OtherPrompt(RequestOf(prompt), _owner);
        other.Dispose();
        Assert.True(other.Prompt!.Text.Length > 0);

        _recent.Dispose();

        Assert.Throws<ObjectDisposedException>(() => other.Prompt.Text.Length);
    }

    /// <returns>What was brought to the owner.</returns>
    private PromptCut? Serve(int guest, string question)
    {
        using var prompt = Recognised(guest, Chat(question), null, "ada");
        var request = RequestOf(prompt);
        using var other = new OtherPrompt(request, _owner);
        var placement = PlacementMessages.Read(PlacementMessages.Of(other.Ask(new Placement(), _preambles), other.Prompt), prompt);
        Assert.Equal(other.Prompt!.Side, prompt.Side);
        var cut = placement.NewPreamble > 0 ? Cut(question, placement.NewPreamble) : null;
        var outcome = new WorkOutcome(IsComplete: true, IsStreaming: true, null, 1) { Preamble = cut };
        new GrantedTurn("guest", new ModelTurn(), _preambles, request.Domain).Read(PlacementMessages.Of(outcome));
        return cut;
    }

    private static PromptCut? Cut(string question, int? at = null)
    {
        using var prompt = TestPrompts.Chat(Chat(question));
        return PromptCut.At(prompt, at ?? prompt.Text.Length - 1, Encoding.UTF8.GetBytes(Chat(question)), PromptEndpoint.Chat);
    }

    private (SideKind Guess, SideKind Kind) Ask(int at, string body, string? session)
    {
        var (recent, _) = _guests[at % _guests.Count];
        var prompt = Recognised(at, body, session is "-" ? null : session, null);
        using var other = new OtherPrompt(RequestOf(prompt), _owner);
        recent.Keep(prompt);
        return (prompt.Side, other.Prompt!.Side);
    }

    private CanonicalPrompt Recognised(int at, string body, string? session, string? domain)
    {
        var prompt = TestPrompts.Chat(body, domain, session);
        prompt.Side = _guests[at % _guests.Count].Conversations.Recognise(prompt, isSubAgent: false);
        return prompt;
    }

    private static void Keep(RecentPrompts recent, ConversationTracker conversations, string body, string session)
    {
        var prompt = TestPrompts.Chat(body, session: session);
        prompt.Side = conversations.Recognise(prompt, isSubAgent: false);
        recent.Keep(prompt);
    }

    private static TurnRequest RequestOf(CanonicalPrompt prompt) => new()
    {
        Turn = Guid.NewGuid(),
        Proxy = "guest",
        Domain = prompt.Domain,
        Prompt = PromptMessages.Of(prompt),
    };

    private static string Chat(string question) => $$"""
        {"messages":[{"role":"system","content":"{{Rules}}"},{"role":"user","content":"{{question}}"}]}
        """;

    private static string Body(int tools, string[] messages, string limit) => new JsonObject
    {
        ["max_tokens"] = limit == "-" ? null : int.Parse(limit, CultureInfo.InvariantCulture),
        ["tools"] = new JsonArray([.. Enumerable.Range(0, tools).Select(i => new JsonObject { ["name"] = $"tool{i}" })]),
        ["messages"] = new JsonArray([.. messages.Select(m => m.Split(':', 2)).Select(m => new JsonObject
        {
            ["role"] = m[0],
            ["content"] = m[1],
        })]),
    }.ToJsonString();
}
