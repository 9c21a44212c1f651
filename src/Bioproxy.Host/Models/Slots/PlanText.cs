namespace Bioproxy.Host.Models.Slots;

/// <summary>Describes an option of a plan in one line, for people.</summary>
internal static class PlanText
{
    public static string Of(in PlanOption option)
    {
        var slot = option.Slot is { } id ? Invariant($"slot {id}") : "a slot chosen by the server";
        var what = option.Source switch
        {
            PromptSource.Hot when option.IsPartial => $"roll back {slot}",
            PromptSource.Hot => $"continue {slot}",
            PromptSource.Restored =>
                Invariant($"restore {option.Bytes / (double)(1 << 20):0.0} MiB into {slot}{(option.IsPartial ? " and roll it back" : "")}"),
            _ when option.IsFromRam => $"leave it to the server's RAM cache, {slot}",
            _ => $"compute it in {slot}",
        };
        var text = Invariant($"{what}: about {option.Tokens:0} tokens reused, first token in about {option.Seconds:0.000} s");
        if (option.EvictionCost <= 0.0005)
            return text;
        var cost = option.SaveFirst ? "saving the slot's content first" : "eviction cost";
        return text + Invariant($", {cost} {option.EvictionCost:0.000} s");
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
