using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>Asks the <see cref="Planner"/> where a prompt should go, given what is known of the slots. Guarded by the table's
/// lock.</summary>
internal sealed class SlotPlanning(SlotKnowledge known)
{
    /// <summary>Probability that an unknown slot's content is requested again.</summary>
    private const double ChanceOfUnknown = 0.1;

    /// <summary>Tokens are estimated from bytes.</summary>
    private const double Margin = 1.5;

    // Reused by every plan: slots as options, with room for the one that is free next, and by slot the bytes shared with the prompt.
    private readonly SlotOption[] _options = new SlotOption[known.Slots.Length + 1];
    private readonly int[] _shared = new int[known.Slots.Length];

    public SlotPlan Plan(CanonicalPrompt? prompt, in PlanContext context)
    {
        if (prompt is null)
        {
            return new SlotPlan(PromptSource.Cold, null, 0)
            {
                Domain = context.Domain,
                MayMeetForeignDomain = known.Domains.AreOthersThan(context.Domain),
            };
        }

        var question = QuestionOf(prompt, context, out var count, out var ram);
        var considered = new List<PlanOption>(5);
        var chosen = Planner.Choose(question, _options.AsSpan(0, count), considered);
        var mayReuseAnything = !prompt.CanPin || MayReuseAnything(chosen);
        return new SlotPlan(chosen.Source, chosen.Slot, Bytes(chosen), chosen.IsFromRam)
        {
            IsUnpinned = !prompt.CanPin,
            IsPartial = chosen.IsPartial,
            SaveFirst = chosen.SaveFirst,
            Save = chosen.Slot is { } id && known.Slots[id] is { IsBorrowed: true, Owner: { } save } ? save : null,
            Considered = considered,
            Chosen = chosen,
            Domain = prompt.Domain,
            MayMeetForeignDomain = mayReuseAnything && known.Domains.AreOthersThan(prompt.Domain),
            MayMeetForeignContent = mayReuseAnything && known.HasSeenForeign,
        };

        int Bytes(in PlanOption option) => option.Source switch
        {
            PromptSource.Hot => _shared[option.Slot!.Value],
            PromptSource.Restored => option.IsPartial ? question.Partial.Length : question.Whole.Length,
            _ => option.IsFromRam ? ram : 0,
        };
    }

    /// <summary>The option that <see cref="Plan"/> would choose, or will once a slot is free.</summary>
    public PlanOption Estimate(CanonicalPrompt prompt, in PlanContext context)
    {
        var question = QuestionOf(prompt, context, out var count, out _);
        if (!Array.Exists(known.Slots, static slot => slot.IsFree))
            _options[count++] = FreeNext(prompt, question.Rates, context);
        return Planner.Choose(question, _options.AsSpan(0, count));
    }

    /// <summary>Also fills <see cref="_options"/> and <see cref="_shared"/>.</summary>
    private PlanQuestion QuestionOf(CanonicalPrompt prompt, in PlanContext context, out int count, out int ram)
    {
        // The server chooses what it takes from its RAM cache: where it may be another domain's, it is told to take nothing.
        var mayUseRam = !known.Domains.AreOthersThan(prompt.Domain);
        var rates = context.Rates with { HasRam = mayUseRam && known.Ram.IsExpectedToWork };
        count = 0;
        var isForeign = false;
        var isLost = false;
        foreach (var slot in known.Slots)
        {
            if (!slot.IsFree)
                continue;
            _options[count++] = OptionOf(slot, prompt, rates, context);
            if (slot.IsUnknown)
                (isForeign, isLost) = (isForeign || slot.IsForeign, isLost || !slot.IsForeign);
        }

        foreach (var slot in context.WaitsForNoSave ? [] : known.Slots)
        {
            if (slot is not { IsBorrowed: true, IsBusy: false, Content: not null })
                continue;
            _options[count++] = OptionOf(slot, prompt, rates, context) with
            {
                RollBackCost = 0, // it is on disk then
                IsBeingSaved = true,
            };
        }

        // The server chooses where it empties idle slots, since a pin would bypass its RAM cache, and where a free slot of unknown content
        // may hold a prefix of the prompt.
        ram = mayUseRam ? known.Ram.LongestPrefixOf(prompt) : 0;
        var tokens = prompt.Chain.Length * rates.TokensPerByte;
        return new PlanQuestion
        {
            Tokens = tokens,
            Whole = IsOfUse(context.Whole) ? context.Whole : default,
            Partial = IsOfUse(context.Partial) ? context.Partial : default,
            RamTokens = ram * rates.TokensPerByte,
            MayPinCold = prompt.CanPin && known is { HasPolled: true, ClearsIdleSlots: false } && !isForeign
                && !(isLost && known.Lost.MayHold(prompt)),
            Rates = rates,
        };

        // The backend does not take a slot by itself that shares less.
        bool IsOfUse(in SnapshotOption snapshot) => prompt.CanPin || snapshot.Tokens > Planner.LeastSimilarity * Margin * tokens;
    }

    /// <summary>Whether the server chooses what it reuses: the slot of unpinned work, and an entry of its RAM cache for every slot but
    /// one that is empty or holds nothing but a prefix of the prompt.</summary>
    private bool MayReuseAnything(in PlanOption chosen) => chosen.Slot is not { } slot
        || chosen.IsPartial
        || (chosen.Source == PromptSource.Cold && !known.Slots[slot].IsEmpty);

    /// <summary>Also fills <see cref="_shared"/>.</summary>
    private SlotOption OptionOf(SlotState slot, CanonicalPrompt prompt, in Rates rates, in PlanContext context)
    {
        var (shared, isWhole) = slot.SharedWith(prompt, context.WholeChain);
        _shared[slot.Id] = shared;
        if (slot.Content is { } content)
            return Option(content, prompt, shared, isWhole, rates, context) with { Id = slot.Id, LastUsed = slot.LastUsed };

        // A low cost, so that it is evicted before a known conversation and after an empty slot.
        var unknown = slot.IsEmpty ? 0 : rates.PrefillSeconds(slot.PromptTokens ?? 0) * ChanceOfUnknown;
        return new SlotOption(slot.Id, slot.IsEmpty, 0, 0, false, unknown, 0, double.PositiveInfinity, slot.LastUsed);
    }

    private static SlotOption Option(
        SlotContent content, CanonicalPrompt prompt, int shared, bool isWhole, in Rates rates, in PlanContext context)
    {
        var held = EvictionCost.HeldTokens(content, rates);
        var isSpent = EvictionCost.IsOver(content, context.Now) || ConversationContents.IsReplacedBy(content, prompt);
        var cost = isSpent ? 0 : EvictionCost.Of(content, rates, context.Now);
        var uncovered = held - (content.Saved?.Tokens ?? 0);
        var rollBackCost = uncovered <= 0 || ConversationContents.IsEditedBy(content, prompt)
            ? 0 // the client itself edits its conversation
            : cost * Math.Clamp((held - (shared * rates.TokensPerByte)) / uncovered, 0, 1);
        if (prompt.Side != SideKind.None && content.IsConversation && !isSpent)
            rollBackCost = Math.Max(rollBackCost, EvictionCost.OfLeaving(content, rates, context.Now)); // the conversation comes back
        var mayBeSaved = cost > 0 && context.LeastSaved > 0 && content.Tokens >= context.LeastSaved
            && content is { Coverage: >= 1, IsSide: false, IsUnexplained: false, Turns: > 0 };
        var saveCost = !mayBeSaved ? double.PositiveInfinity
            : context.SavesAll ? EvictionCost.SaveSeconds(content, rates)
            : EvictionCost.OfSaving(content, rates);
        return new SlotOption(0, false, shared * rates.TokensPerByte, held, isWhole, cost, rollBackCost, saveCost, 0)
        {
            MustBeSaved = mayBeSaved && context.SavesAll,
            IsSpent = isSpent,
        };
    }

    /// <summary>The slot that becomes free next. Its content is what the work there leaves, which is known: the prompt waits until that is
    /// saved, or others pay for it. Which work ends first is not known.</summary>
    private SlotOption FreeNext(CanonicalPrompt prompt, in Rates rates, in PlanContext context)
    {
        var (cost, count) = (0.0, 0);
        foreach (var work in known.Works)
        {
            if (work is not { IsEnded: false, IsOwn: false, Chain: { } chain })
                continue;
            var left = new SlotContent(chain, 1, IsSaved: false)
            {
                Tokens = (int)(chain.Length * rates.TokensPerByte),
                UsedAt = context.Now,
            };
            cost += Planner.CostOf(Option(left, prompt, 0, isWhole: false, rates, context), rates).Cost;
            count++;
        }

        return count == 0
            ? new(0, true, 0, 0, false, 0, 0, double.PositiveInfinity, 0)
            : new(0, false, 0, 0, false, 0, 0, cost / count, 0) { MustBeSaved = true };
    }
}
