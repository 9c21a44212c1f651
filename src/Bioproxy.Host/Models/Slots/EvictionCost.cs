namespace Bioproxy.Host.Models.Slots;

/// <summary>What dropping a slot's content costs: the expected seconds until it is computed or restored again.</summary>
internal static class EvictionCost
{
    /// <summary>A conversation that was idle for half an hour is half as likely to be continued.</summary>
    public const double HalfLifeSeconds = 1800;

    /// <summary>Price of disk wear. A disk endures some hundred terabytes of writes, so a gigabyte is priced at a second of
    /// waiting.</summary>
    private const double WearBytesPerSecond = 1e9;

    /// <summary>Probability that a conversation of this many turns is continued, when it was used just now.</summary>
    public static double ChanceOfReturn(int turns) => turns == 1 ? 0.4 : 0.8; // a client that continued once will continue again

    /// <summary>Probability that this content is requested again.</summary>
    public static double ChanceOfReturn(SlotContent content, double now)
    {
        var chance = content.IsSide ? 0.02 : ChanceOfReturn(content.Turns);
        return chance * Math.Pow(0.5, Math.Max(0, now - content.UsedAt) / HalfLifeSeconds);
    }

    /// <summary>Expected seconds of prefill, or of a restore, that are paid again when this content is dropped.</summary>
    public static double Of(SlotContent content, in Rates rates, double now)
    {
        var held = HeldTokens(content, rates);
        if (!content.IsSaved)
            return rates.PrefillSeconds(held - (content.Saved?.Tokens ?? 0)) * ChanceOfReturn(content, now);

        // Its return costs the restore. That is little, but more than the return of a side request, which never comes.
        return content.Length == 0 ? 0
            : Math.Min(rates.PrefillSeconds(held), rates.RestoreSeconds((long)(held * rates.BytesPerToken))) * ChanceOfReturn(content, now);
    }

    /// <summary>Seconds that saving it costs: the time, and the wear of the disk.</summary>
    public static double OfSaving(SlotContent content, in Rates rates)
    {
        if (!rates.HasSaved)
            return 0; // the first save finds it out
        var bytes = HeldTokens(content, rates) * rates.BytesPerToken;
        return (bytes / rates.Save) + (bytes / WearBytesPerSecond);
    }

    public static double HeldTokens(SlotContent content, in Rates rates) =>
        content.Tokens > 0 ? content.Tokens : content.Length * rates.TokensPerByte;
}
