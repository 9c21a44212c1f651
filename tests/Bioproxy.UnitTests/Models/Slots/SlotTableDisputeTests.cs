using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>A warm-up in slot 2 gives way to a user whose slot the server chooses: what the warm-up left stays known where the user is
/// found in another slot.</summary>
public sealed class SlotTableDisputeTests
{
    private static readonly SlotPlan Anywhere = new(PromptSource.Cold, null, 0);
    private static readonly string Template = new('t', 3000);

    private readonly SlotTable _table = new(3);
    private readonly SlotWork _warmUp;
    private readonly SlotWork _user;

    public SlotTableDisputeTests()
    {
        Poll([Row(0, null), Row(1, null), Row(2, null)]);
        _warmUp = _table.TryBegin(new(PromptSource.Cold, 2, 0), TestPrompts.Of(Template).Chain, isWarmUp: true)!;
        _table.Started(_warmUp);
        _user = _table.TryBegin(Anywhere, TestPrompts.Of("Who are you?").Chain)!;
        _table.Started(_user);
        Poll([Row(0, 5, 0, busy: true), Row(1, null), Row(2, 4, 500)]);
    }

    [Fact]
    public void End_TheUserWasFoundElsewhereBefore_IsKnown()
    {
        EndUser(held: 37);
        Poll([Row(0, 5, 37), Row(1, null), Row(2, 4, 500)]);
        EndWarmUp();
        Poll([Row(0, 5, 37), Row(1, null), Row(2, 4, 500)]);

        Assert.Equal(0.5, _table.ContentOf(2)?.Coverage);
        Assert.False(IsForeignSeen);
    }

    [Fact]
    public void Poll_FindsTheUserElsewhere_IsKnown()
    {
        EndWarmUp();
        EndUser(held: 37);
        Poll([Row(0, 5, 37), Row(1, null), Row(2, 4, 500)]);

        Assert.Equal(0.5, _table.ContentOf(2)?.Coverage);
        Assert.False(IsForeignSeen);
    }

    [Fact]
    public void Poll_FindsTheUserElsewhereLater_IsUnknownUntilThen()
    {
        EndWarmUp();
        Poll([Row(0, 5, 20, busy: true), Row(1, null), Row(2, 4, 500)]);
        Assert.Null(_table.ContentOf(2));

        EndUser(held: 37);
        Poll([Row(0, 5, 37), Row(1, null), Row(2, 4, 500)]);

        Assert.Equal(0.5, _table.ContentOf(2)?.Coverage);
    }

    [Fact]
    public void Poll_TheUserMayHaveTakenIt_IsUnknown()
    {
        EndWarmUp();
        EndUser(held: 37);
        Poll([Row(0, 5, 37), Row(1, null), Row(2, 6, 37)]);

        Assert.Null(_table.ContentOf(2));
    }

    [Fact]
    public void Poll_TheUserIsFoundInIt_HoldsTheUsers()
    {
        EndWarmUp();
        EndUser(held: 37);
        Poll([Row(0, 5, 0), Row(1, null), Row(2, 6, 37)]);

        Assert.Equal(TestPrompts.Of("Who are you?").Chain.End, _table.ContentOf(2)?.Chain.End);
    }

    [Fact]
    public void Poll_TheUsersEndToldNothing_IsUnknownForGood()
    {
        EndUser(held: null, isKnown: false);
        Poll([Row(0, 5, 37), Row(1, 7, 9), Row(2, 4, 500)]); // where the user was stays open
        EndWarmUp();
        Poll([Row(0, 5, 37), Row(1, 7, 9), Row(2, 4, 500)]);

        Assert.Null(_table.ContentOf(2));
    }

    [Fact]
    public void Poll_DisputedSlotIsUsedByAnother_IsUnknown()
    {
        EndWarmUp();
        Poll([Row(0, 5, 20, busy: true), Row(1, null), Row(2, 4, 500)]);
        EndUser(held: 37);
        Poll([Row(0, 5, 37), Row(1, null), Row(2, 9, 60)]);

        Assert.Null(_table.ContentOf(2));
        Assert.True(IsForeignSeen);
    }

    private bool IsForeignSeen
    {
        get
        {
            using var prompt = TestPrompts.Of("Where does the server put this?", canPin: false);
            return _table.Plan(prompt, TestPlans.Context(0)).MayMeetForeignContent;
        }
    }

    private void EndWarmUp() =>
        _table.End(_warmUp, new SlotContent(TestPrompts.Of(Template).Chain, 0.5, IsSaved: false), heldTokens: null);

    private void EndUser(int? held, bool isKnown = true) =>
        _table.End(_user, isKnown ? new SlotContent(TestPrompts.Of("Who are you?").Chain, 1, IsSaved: false) : null, held);

    private void Poll(SlotObservation[] rows) => _table.Learn(_table.BeginPoll(), rows, isSameConnection: true);

    private static SlotObservation Row(int id, long? task, int? tokens = null, bool busy = false) => new(id, busy, task, tokens);
}
