using System.Text.Json.Nodes;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>Which slot the requests of one conversation take, and those beside it. All contents are saved and of the same length, so that
/// without the conversation's name the least recently used one would be displaced.</summary>
public sealed class ConversationContentsTests
{
    private const string Agent = "You are an agent. ";
    private static readonly string Question = string.Concat(Enumerable.Range(0, 300).Select(i => $"Line {i} of the question. "));
    private readonly SlotTable _table = new(3);

    public ConversationContentsTests() => _table.Learn(
        _table.BeginPoll(), [.. Enumerable.Range(0, 3).Select(id => new SlotObservation(id, false, null, null))], isSameConnection: true);

    [Fact]
    public void Plan_BeginsAnewAsAfterACompaction_TakesTheOldSlot()
    {
        FillAll(Talk(Agent, turns: 5));

        Assert.Equal(1, SlotFor(Talk(Agent, turns: 1, "The summary.")));
    }

    [Fact]
    public void Plan_TheSystemMessageWasEdited_TakesTheOldSlot()
    {
        FillAll(Talk(Agent, turns: 2));

        Assert.Equal(1, SlotFor(Talk("Today is Monday. " + Agent, turns: 3)));
    }

    [Fact]
    public void Plan_AnotherConversationUnderASharedKey_TakesTheLeastRecentlyUsed()
    {
        FillAll(Talk(Agent, turns: 5));

        Assert.Equal(0, SlotFor(Talk(Agent, turns: 1, "Another question."), isShared: true));
    }

    [Fact]
    public void Plan_ASideRequestOfIt_LeavesItAlone()
    {
        FillAll(Talk(Agent, turns: 5));

        Assert.Equal(0, SlotFor(Talk("You write titles.", turns: 1), SideKind.Beside));
        Assert.Equal(0, SlotFor(Talk(Agent, turns: 1, "A summary, please."), SideKind.Compaction));
    }

    [Fact]
    public void Plan_AnEarlierSideRequestIsThere_ItsSlotIsTaken()
    {
        Hold(0, "Somebody's conversation. ");
        Hold(1, Talk(Agent, turns: 1));
        Hold(2, "A title. ", change: content => content with { IsSide = true, Side = SideKind.Beside, IsSaved = false });

        Assert.Equal(2, SlotFor(Talk("Another one of nobody. ", turns: 1), session: null));
    }

    [Fact]
    public void Plan_OneFreeSlotHoldsAConversation_ASideRequestStillRuns()
    {
        var table = new SlotTable(1);
        table.Learn(table.BeginPoll(), [new SlotObservation(0, false, null, null)], isSameConnection: true);
        Hold(0, Talk(Agent, turns: 5), table: table);
        using var title = TestPrompts.Chat(Talk("You write titles.", turns: 1), session: "s");
        title.Side = SideKind.Beside;

        Assert.Equal(0, table.Plan(title, TestPlans.Context(0)).Slot);
    }

    [Theory]
    [InlineData(nameof(SideKind.None), 0)]
    [InlineData(nameof(SideKind.Task), 1)]
    public void Plan_RollingASavedConversationBack_CostsASideRequestItsRestore(string kind, int sign)
    {
        Hold(0, Talk(Agent, turns: 5), session: "s");
        using var prompt = TestPrompts.Chat(Talk(Agent, turns: 1, Question[..4000] + " and what else?"), session: "t");
        prompt.Side = Enum.Parse<SideKind>(kind);

        var option = _table.Plan(prompt, TestPlans.Context(0)).Considered!.Single(option => option is { IsPartial: true, Slot: 0 });

        Assert.Equal(sign, Math.Sign(option.EvictionCost));
    }

    [Fact]
    public void End_BehindAnEditedSystemMessage_TheEarlierStateIsOver()
    {
        Hold(0, Talk(Agent, turns: 2));
        Hold(1, Talk("Today is Monday. " + Agent, turns: 3));
        Hold(2, Talk(Agent, turns: 1, "Another question."));

        Assert.Equal([true, false, false], _table.View().Select(slot => slot.Content!.IsSide));
    }

    /// <summary>The conversation is in slot 1.</summary>
    private void FillAll(string conversation)
    {
        Hold(0, "Somebody's conversation. ");
        Hold(1, conversation);
        Hold(2, "Another conversation. ");
    }

    private int? SlotFor(string chat, SideKind side = SideKind.None, bool isShared = false, string? session = "s")
    {
        using var prompt = TestPrompts.Chat(chat, session: session);
        prompt.Side = side;
        prompt.IsSessionShared = isShared;
        return _table.Plan(prompt, TestPlans.Context(0)).Slot;
    }

    private void Hold(
        int slot, string text, SlotTable? table = null, string? session = "s", Func<SlotContent, SlotContent>? change = null)
    {
        table ??= _table;
        var isChat = text.StartsWith('{');
        using var prompt = TestPrompts.Chat(isChat ? text : Talk(text, turns: 1), session: isChat ? session : null);
        var work = table.TryBegin(new SlotPlan(PromptSource.Hot, slot, 0), null)!;
        table.Started(work);
        var content = new SlotContent(prompt.Chain, 1, IsSaved: true)
        {
            Session = prompt.Session,
            Tools = prompt.Shape.Tools,
            Opening = prompt.Opening,
            FirstMessage = prompt.FirstMessage,
            Turns = prompt.Turns,
        };
        table.End(work, change?.Invoke(content) ?? content, heldTokens: 2000);
    }

    private static string Talk(string system, int turns, string? question = null)
    {
        var messages = new JsonArray(Message("system", system), Message("user", question ?? Question));
        for (var turn = 1; turn < turns; turn++)
        {
            messages.Add(Message("assistant", "I see."));
            messages.Add(Message("user", $"And number {turn}?"));
        }

        return new JsonObject { ["messages"] = messages }.ToJsonString();

        static JsonObject Message(string role, string text) => new() { ["role"] = role, ["content"] = text };
    }
}
