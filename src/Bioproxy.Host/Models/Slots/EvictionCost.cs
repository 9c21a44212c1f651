using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>What dropping a slot's content costs, in seconds of prefill that somebody is expected to wait for again.</summary>
internal static class EvictionCost
{
    /// <summary>A conversation that was idle for half an hour is half as likely to be continued.</summary>
    public const double HalfLifeSeconds = 1800;

    /// <summary>A sub-agent that was not asked for this long has given its answer; until then it waits for a tool.</summary>
    private const double SubAgentSeconds = 120;

    /// <summary>Price of disk wear. A disk endures some hundred terabytes of writes, so a gigabyte is priced at a second of
    /// waiting.</summary>
    private const double WearBytesPerSecond = 1e9;

    /// <summary>Probability that a conversation of this many turns is continued, when it was used just now.</summary>
    public static double ChanceOfReturn(int turns) => turns == 1 ? 0.4 : 0.8; // a client that continued once will continue again

    /// <summary>Probability that this content is requested again.</summary>
    public static double ChanceOfReturn(SlotContent content, double now)
    {
        var chance = content.IsSide && !IsWorking(content, now) ? 0.02 : ChanceOfReturn(content.Turns);
        return chance * Math.Pow(0.5, Math.Max(0, now - content.UsedAt) / HalfLifeSeconds);
    }

    /// <summary>Whether it belongs to a side request that has its answer. A conversation that is too short to
    /// be kept does not, nor one that others will repeat, until it is on disk.</summary>
    public static bool IsOver(SlotContent content, double now) =>
        content.Side != SideKind.None && !IsWorking(content, now) && (!content.IsRepeated || content.IsSaved);

    private static bool IsWorking(SlotContent content, double now) =>
        content.Side == SideKind.SubAgent && now - content.UsedAt < SubAgentSeconds;

    /// <summary>Expected seconds of prefill that are paid again when this content is dropped.</summary>
    public static double Of(SlotContent content, in Rates rates, double now)
    {
        if (content.IsSaved)
            return 0;
        return rates.PrefillSeconds(HeldTokens(content, rates) - (content.Saved?.Tokens ?? 0)) * ChanceOfReturn(content, now);
    }

    /// <summary>Expected seconds that are paid again when the server goes: those of a restore, or of computing what no snapshot
    /// holds.</summary>
    public static double OfLeaving(SlotContent content, in Rates rates, double now) => content.IsSaved
        ? rates.RestoreSeconds((long)(HeldTokens(content, rates) * rates.BytesPerToken)) * ChanceOfReturn(content, now)
        : Of(content, rates, now);

    /// <summary>Seconds that saving it costs: the time, and the wear of the disk.</summary>
    public static double OfSaving(SlotContent content, in Rates rates)
    {
        if (!rates.HasSaved)
            return 0; // the first save finds it out
        return SaveSeconds(content, rates) + (HeldTokens(content, rates) * rates.BytesPerToken / WearBytesPerSecond);
    }

    /// <summary>The time that saving it takes. This is all it costs where it is saved in any case, sooner or later.</summary>
    public static double SaveSeconds(SlotContent content, in Rates rates) =>
        rates.HasSaved ? HeldTokens(content, rates) * rates.BytesPerToken / rates.Save : 0; // the first save finds it out

    public static double HeldTokens(SlotContent content, in Rates rates) =>
        content.Tokens > 0 ? content.Tokens : content.Length * rates.TokensPerByte;
}
