namespace Bioproxy.Host.Models.Slots;

/// <summary>What a slot's content is worth, in seconds of somebody's waiting.</summary>
internal static class Worth
{
    /// <summary>A conversation that nobody went on with for half an hour is half as likely to be gone on with.</summary>
    public const double HalfLifeSeconds = 1800;

    /// <summary>A disk lasts for some hundred terabytes: a second of waiting is worth a gigabyte.</summary>
    private const double WearBytesPerSecond = 1e9;

    /// <summary>The chance, from 0 to 1, that what has so many turns is asked for again, when it was used just now.</summary>
    public static double ChanceOfReturn(int turns) => turns == 1 ? 0.4 : 0.8; // who came back once comes again

    /// <summary>The chance, from 0 to 1, that this content is asked for again.</summary>
    public static double ChanceOfReturn(SlotContent content, double now)
    {
        var chance = content.IsSide ? 0.02 : ChanceOfReturn(content.Turns);
        return chance * Math.Pow(0.5, Math.Max(0, now - content.UsedAt) / HalfLifeSeconds);
    }

    /// <summary>Seconds of prefill that are expected to be paid again when this content goes and nothing else has it.</summary>
    public static double Loss(SlotContent content, in Rates rates, double now) =>
        content.IsSaved ? 0 : rates.PrefillSeconds(Held(content, rates) - (content.Saved?.Tokens ?? 0)) * ChanceOfReturn(content, now);

    /// <summary>Seconds that saving it costs: the time, and the wear of the disk.</summary>
    public static double SaveCost(SlotContent content, in Rates rates)
    {
        if (!rates.HasSaved)
            return 0; // to be found out
        var bytes = Held(content, rates) * rates.BytesPerToken;
        return (bytes / rates.Save) + (bytes / WearBytesPerSecond);
    }

    public static double Held(SlotContent content, in Rates rates) => content.Tokens > 0 ? content.Tokens : content.Length * rates.TokensPerByte;
}
