using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>
/// Situations and decisions. The backend computes 1,000 tokens a second, reads and writes a gigabyte a second, and a token's state has
/// 100 KB: a token costs 1 ms to compute and 0.1 ms to restore. The prompt has 10,000 tokens where nothing else is said.
/// </summary>
public sealed class PlannerTests
{
    private static readonly Rates Dense = new(
        Prefill: 1000, Restore: 1e9, Save: 1e9, TokensPerByte: 0.25, BytesPerToken: 1e5, RollBack: 1, HasRam: true, HasSaved: true);
    private static readonly Rates Recurrent = Dense with { RollBack = 0 };
    private static readonly Rates NoRam = Dense with { HasRam = false };

    private static readonly Dictionary<string, (PlanQuestion Question, SlotOption[] Slots, string Decision)> Situations = new()
    {
        // Nothing is known of the prompt.
        ["no slot is free"] = (Ask(), [], "compute it anywhere"),
        ["no slot is free, and there is a snapshot"] = (Ask(whole: 9000), [], "compute it anywhere"),
        ["empty slots"] = (Ask(), [Empty(0), Empty(1)], "compute it in 0"),
        ["the server has to choose"] = (Ask(mayPin: false), [Empty(0), Empty(1)], "compute it anywhere"),
        ["an empty slot and a worthless content"] = (Ask(), [Other(0, loss: 0, lastUsed: 1), Empty(1, lastUsed: 2)], "compute it in 1"),
        ["contents of the same worth: the least recently used goes"] =
            (Ask(), [Other(0, loss: 1, lastUsed: 2), Other(1, loss: 1, lastUsed: 1)], "compute it in 1"),
        ["contents of other worth: the least goes"] =
            (Ask(), [Other(0, loss: 2, lastUsed: 1), Other(1, loss: 1, lastUsed: 2)], "compute it in 1"),

        // A side request.
        ["a side request and a valuable conversation"] = (Ask(tokens: 200), [Other(0, loss: 20), Other(1, loss: 0.1)], "compute it in 1"),
        ["a side request that shares the conversation's system prompt"] =
            (Ask(tokens: 300), [Shares(0, 200, loss: 20), Other(1, loss: 0.1)], "compute it in 1"),
        ["a side request with a snapshot of its own"] =
            (Ask(tokens: 300, whole: 290), [Other(0, loss: 20), Other(1, loss: 0.1)], "restore all into 1"),

        // A slot goes on.
        ["a slot holds a prefix of it"] = (Ask(), [Empty(0), Holds(1, 9000)], "go on in 1"),
        ["two slots hold its beginning: the longer"] = (Ask(), [Holds(0, 8000), Holds(1, 9000)], "go on in 1"),
        ["a slot holds less than a tenth of it, and nothing else"] = (Ask(), [Empty(0), Holds(1, 500)], "go on in 1"),
        ["a slot holds as much as a snapshot"] = (Ask(whole: 9000), [Empty(0), Holds(1, 9000)], "go on in 1"),
        ["a snapshot holds a little more"] = (Ask(whole: 9100), [Empty(0), Holds(1, 9000)], "go on in 1"),
        ["a snapshot holds much more"] = (Ask(whole: 9100), [Empty(0), Holds(1, 5000)], "restore all into 0"),
        ["the slot holds the prompt and more is on disk of it"] = (Ask(whole: 10_000), [Empty(0), Holds(1, 10_000)], "go on in 1"),

        // Restoring against computing: 1,000 tokens are a second; reading has to take less, with 5 ms for the calls.
        ["reading is just faster than computing"] = (Ask(whole: 1000, wholeBytes: 994_000_000), [Empty(0)], "restore all into 0"),
        ["reading is just slower than computing"] = (Ask(whole: 1000, wholeBytes: 996_000_000), [Empty(0)], "compute it in 0"),
        ["a few tokens are computed sooner than asked for"] = (Ask(whole: 5), [Empty(0)], "compute it in 0"),
        ["a snapshot and a worthless slot beside a valuable one"] =
            (Ask(whole: 9000), [Other(0, loss: 5), Other(1, loss: 0)], "restore all into 1"),
        ["a snapshot that goes on otherwise"] = (Ask(partial: 9000, partialHeld: 12_000), [Empty(0)], "restore and go back in 0"),
        ["a snapshot that goes on otherwise, of a recurrent model"] =
            (Ask(Recurrent, partial: 9000, partialHeld: 12_000), [Empty(0)], "compute it in 0"),
        ["a short whole snapshot and a long one that goes on otherwise"] =
            (Ask(whole: 2000, partial: 9000, partialHeld: 12_000), [Empty(0)], "restore and go back in 0"),
        ["the same, of a recurrent model"] =
            (Ask(Recurrent, whole: 2000, partial: 9000, partialHeld: 12_000), [Empty(0)], "restore all into 0"),

        // Going back in a slot.
        ["a dense model goes back when nothing of worth is lost"] =
            (Ask(whole: 9000), [Shares(0, 9000, loss: 0), Empty(1)], "go back in 0"),
        ["a recurrent model restores"] = (Ask(Recurrent, whole: 9000), [Shares(0, 9000, loss: 0), Empty(1)], "restore all into 1"),
        ["a recurrent model without a snapshot computes"] = (Ask(Recurrent), [Shares(0, 9000, loss: 0.1), Empty(1)], "compute it in 1"),
        ["a dense model restores when something of worth would be lost"] =
            (Ask(whole: 9000), [Shares(0, 9000, loss: 5), Empty(1)], "restore all into 1"),
        ["going back loses more than computing costs"] = (Ask(), [Shares(0, 9000, loss: 20), Empty(1)], "compute it in 1"),
        ["going back loses what is cheap to save"] =
            (Ask(), [Shares(0, 9000, loss: 20, saveCost: 0.5), Empty(1)], "go back in 0, saving first"),
        ["a tenth of the prompt is shared"] = (Ask(), [Shares(0, 1000, loss: 0), Empty(1)], "go back in 0"),
        ["less than a tenth is shared"] = (Ask(), [Shares(0, 999, loss: 0), Empty(1)], "compute it in 1"),

        // The server's RAM cache, which an empty slot does not ask.
        ["the RAM cache should have it"] = (Ask(ram: 9000), [Empty(0), Other(1, loss: 0.5)], "leave it to RAM in 1"),
        ["the RAM cache should have it, and the server has to choose"] =
            (Ask(ram: 9000, mayPin: false), [Empty(0), Other(1, loss: 0.5)], "leave it to RAM anywhere"),
        ["the RAM cache should have it, and no slot is free"] = (Ask(ram: 9000), [], "leave it to RAM anywhere"),
        ["a snapshot is certain, the RAM cache is not"] =
            (Ask(ram: 9000, whole: 9000), [Empty(0), Other(1, loss: 0)], "restore all into 0"),
        ["the RAM cache should have much more than a snapshot"] =
            (Ask(ram: 9000, whole: 3000), [Empty(0), Other(1, loss: 0)], "leave it to RAM in 1"),
        ["the RAM cache keeps what a restore displaces"] =
            (Ask(whole: 9000), [Shares(0, 9000, loss: 4, all: 10), Other(1, loss: 8)], "restore all into 1"),
        ["no RAM cache keeps what a restore displaces"] =
            (Ask(NoRam, whole: 9000), [Shares(0, 9000, loss: 4, all: 10), Other(1, loss: 8)], "go back in 0"),

        // Saving what is displaced.
        ["what is displaced is worth saving"] = (Ask(), [Other(0, loss: 5, saveCost: 0.3)], "compute it in 0, saving first"),
        ["what is displaced costs more to save than to lose"] = (Ask(), [Other(0, loss: 0.2, saveCost: 0.3)], "compute it in 0"),
        ["what is displaced is worth saving, but which it is the server decides"] =
            (Ask(mayPin: false), [Other(0, loss: 5, saveCost: 0.3)], "compute it anywhere"),
        ["a restore displaces what is worth saving"] =
            (Ask(whole: 9000), [Other(0, loss: 5, saveCost: 0.3)], "restore all into 0, saving first"),
        ["what can be saved is displaced before what cannot"] =
            (Ask(), [Other(0, loss: 5), Other(1, loss: 8, saveCost: 0.3)], "compute it in 1, saving first"),

        // Saving whatever it costs.
        ["what is saved in any case costs more to save than to lose"] =
            (Ask(), [Saved(Other(0, loss: 0.2, saveCost: 0.3))], "compute it in 0, saving first"),
        ["both are saved in any case: the one that takes less goes"] =
            (Ask(), [Saved(Other(0, loss: 1, saveCost: 2, lastUsed: 1)), Saved(Other(1, loss: 5, saveCost: 0.3, lastUsed: 2))],
                "compute it in 1, saving first"),
        ["a snapshot goes where less is saved"] =
            (Ask(whole: 9000), [Saved(Other(0, loss: 1, saveCost: 2)), Other(1, loss: 0.5)], "restore all into 1"),
        ["going back in what is saved in any case"] =
            (Ask(), [Saved(Shares(0, 9000, loss: 0.2, saveCost: 0.3)), Empty(1)], "go back in 0, saving first"),
        ["the client itself goes back in what is saved in any case"] =
            (Ask(), [Saved(Shares(0, 9000, loss: 0, saveCost: 0.3)), Empty(1)], "go back in 0"),

        // A slot that is being saved.
        ["a slot that is being saved holds a prefix of it"] = (Ask(), [Empty(0), BeingSaved(Holds(1, 9000))], "go on in 1"),
        ["a free slot holds as much"] = (Ask(), [Holds(0, 9000), BeingSaved(Holds(1, 9000))], "go on in 0"),
        ["nothing else takes it"] = (Ask(), [Other(0, loss: 5), BeingSaved(Other(1, loss: 0))], "compute it in 0"),
        ["nothing is restored into it"] = (Ask(whole: 9000), [Other(0, loss: 5), BeingSaved(Other(1, loss: 0))], "restore all into 0"),
        ["every slot is being saved"] = (Ask(), [BeingSaved(Other(0, loss: 0))], "compute it anywhere"),
    };

    public static TheoryData<string> Names => [.. Situations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Choose_Situation_Decision(string situation)
    {
        var (question, slots, decision) = Situations[situation];

        Assert.Equal(decision, Words(Planner.Choose(question, slots)));
    }

    [Fact]
    public void Choose_AllWaysThere_ListsTheBestOfEachKindWithItsCosts()
    {
        var considered = new List<PlanOption>();

        var chosen = Planner.Choose(
            Ask(whole: 8000, partial: 9000, partialHeld: 12_000, ram: 7000),
            [Holds(0, 2000), Holds(1, 3000), Other(2, loss: 1)],
            considered);

        Assert.Equal(
            ["go on in 1", "restore all into 2", "restore and go back in 2", "leave it to RAM in 2", "compute it in 2"],
            considered.Select(o => Words(o)));
        Assert.Equal([7, 2.805, 2.205, 4.75, 10], considered.Select(o => Math.Round(o.Seconds, 6)));
        Assert.Equal([0, 0.3, 0.3, 0.3, 0.3], considered.Select(o => Math.Round(o.EvictionCost, 6)));
        Assert.Equal([3000, 8000, 9000, 5250, 0], considered.Select(o => o.Tokens));
        Assert.Equal([0, 800_000_000, 1_200_000_000, 0, 0], considered.Select(o => o.Bytes));
        Assert.Equal(considered[2], chosen);
    }

    [Fact]
    public void Choose_RandomQuestions_TheCheapestListedWayAndTheSameAgain()
    {
        var random = new Random(3);
        for (var round = 0; round < 5000; round++)
        {
            var rates = Dense with { RollBack = random.NextDouble(), HasRam = random.Next(2) == 0 };
            var question = Ask(rates, random.Next(1, 20_000), Some(), Some(), 20_000, Some(), random.Next(2) == 0);
            var slots = Enumerable.Range(0, random.Next(0, 5)).Select(id => random.Next(4) switch
            {
                0 => Empty(id),
                1 => Holds(id, random.Next(1, 20_000)),
                2 => Shares(
                    id, random.Next(1, 20_000), random.NextDouble() * 10, saveCost: random.Next(2) == 0 ? random.NextDouble() : null),
                _ => Other(id, random.NextDouble() * 10, random.Next(2) == 0 ? random.NextDouble() : null),
            }).Select(slot => slot with { IsBeingSaved = random.Next(5) == 0 }).ToArray();
            List<PlanOption> first = [], second = [];

            var chosen = Planner.Choose(question, slots, first);

            Assert.Equal(chosen, Planner.Choose(question, slots, second));
            Assert.Equal(first, second);
            Assert.Contains(chosen, first);
            Assert.All(first, other => Assert.True(chosen.Cost <= other.Cost + 1e-5));
            Assert.All(first, way => Assert.True(way.Slot is null ? way.Source == PromptSource.Cold : slots.Any(s => s.Id == way.Slot)));
            Assert.DoesNotContain(first, way => way.Source != PromptSource.Hot && slots.Any(s => s.Id == way.Slot && s.IsBeingSaved));
            Assert.All(first, way => Assert.InRange(way.Tokens, 0, Math.Max(question.Tokens, question.RamTokens)));
        }

        int Some() => random.Next(2) == 0 ? 0 : random.Next(1, 20_000);
    }

    private static PlanQuestion Ask(
        Rates? rates = null,
        int tokens = 10_000,
        int whole = 0,
        int partial = 0,
        int partialHeld = 0,
        int ram = 0,
        bool mayPin = true,
        long? wholeBytes = null) => new()
        {
            Tokens = tokens,
            Whole = whole == 0 ? default : new SnapshotOption(whole * 4, whole, wholeBytes ?? whole * 100_000L, IsWhole: true),
            Partial = partial == 0 ? default : new SnapshotOption(partial * 4, partial, partialHeld * 100_000L, IsWhole: false),
            RamTokens = ram,
            MayPinCold = mayPin,
            Rates = rates ?? Dense,
        };

    private static SlotOption Empty(int id, long lastUsed = 0) =>
        new(id, IsEmpty: true, 0, 0, IsWhole: false, 0, 0, double.PositiveInfinity, lastUsed);

    /// <summary>All it holds is a prefix of the prompt; displacing it would cost much.</summary>
    private static SlotOption Holds(int id, int tokens) =>
        new(id, IsEmpty: false, tokens, tokens, IsWhole: true, EvictionCost: tokens / 1000.0, RollBackCost: 0, double.PositiveInfinity, id);

    /// <summary>It shares a prefix with the prompt and continues differently.</summary>
    private static SlotOption Shares(int id, int tokens, double loss, double? saveCost = null, double? all = null) =>
        new(
            id,
            IsEmpty: false,
            tokens,
            tokens + 3000,
            IsWhole: false,
            EvictionCost: all ?? loss + 1,
            RollBackCost: loss,
            saveCost ?? double.PositiveInfinity,
            id);

    /// <summary>It holds what has nothing to do with the prompt.</summary>
    private static SlotOption Other(int id, double loss, double? saveCost = null, long lastUsed = 0) =>
        new(id, IsEmpty: false, 0, 5000, IsWhole: false, loss, 0, saveCost ?? double.PositiveInfinity, lastUsed);

    /// <summary>It is saved first whatever that costs.</summary>
    private static SlotOption Saved(SlotOption slot) => slot with { MustBeSaved = true };

    private static SlotOption BeingSaved(SlotOption slot) => slot with { IsBeingSaved = true };

    private static string Words(PlanOption option)
    {
        var place = option.Slot is { } slot ? $"in {slot}" : "anywhere";
        var way = option switch
        {
            { Source: PromptSource.Hot, IsPartial: false } => $"go on {place}",
            { Source: PromptSource.Hot } => $"go back {place}",
            { Source: PromptSource.Restored, IsPartial: false } => $"restore all {place.Replace("in ", "into ", StringComparison.Ordinal)}",
            { Source: PromptSource.Restored } => $"restore and go back {place}",
            { IsFromRam: true } => $"leave it to RAM {place}",
            _ => $"compute it {place}",
        };
        return option.SaveFirst ? way + ", saving first" : way;
    }
}
