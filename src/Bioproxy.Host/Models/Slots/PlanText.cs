using System.Globalization;

namespace Bioproxy.Host.Models.Slots;

/// <summary>A way to serve a prompt, in one line for people.</summary>
internal static class PlanText
{
    public static string Of(in PlanOption option)
    {
        var slot = option.Slot is { } id ? string.Create(CultureInfo.InvariantCulture, $"slot {id}") : "a slot of the server's choice";
        var what = option.Source switch
        {
            PromptSource.Hot when option.IsPartial => $"go back in {slot}",
            PromptSource.Hot => $"go on in {slot}",
            PromptSource.Restored => string.Create(CultureInfo.InvariantCulture, $"restore {option.Bytes / (double)(1 << 20):0.0} MiB into {slot}{(option.IsPartial ? " and go back in it" : "")}"),
            _ when option.IsFromRam => $"leave it to the server's RAM cache, {slot}",
            _ => $"compute it in {slot}",
        };
        var loss = option.Loss > 0.0005
            ? string.Create(CultureInfo.InvariantCulture, $", {(option.SaveFirst ? "after saving what is there:" : "others may lose")} {option.Loss:0.000} s")
            : "";
        return string.Create(CultureInfo.InvariantCulture, $"{what}: about {option.Tokens:0} tokens reused, first token in about {option.Seconds:0.000} s{loss}");
    }
}
