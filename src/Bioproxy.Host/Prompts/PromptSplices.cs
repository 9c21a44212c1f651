using System.Text;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>Where members that the proxy sets go in a body: in place of the client's value, or as a new first member.</summary>
/// <param name="FirstMember">Just behind the opening brace.</param>
/// <param name="IsEmptyObject">No member follows.</param>
/// <param name="IdSlot">The value of the last <c>id_slot</c>; null when there is none.</param>
/// <param name="CachePrompt">The value of the last <c>cache_prompt</c>; null when there is none.</param>
internal sealed record PromptSplices(int FirstMember, bool IsEmptyObject, JsonRange? IdSlot, JsonRange? CachePrompt)
{
    /// <summary>Makes the backend use one slot.</summary>
    /// <param name="slot">The slot's number, or -1 to let the backend choose where the client had chosen.</param>
    public JsonSplice Pin(int slot) => IdSlot is { } range ? new JsonSplice(range, JsonText.Number(slot)) : First($"\"id_slot\":{slot}");

    /// <summary>Makes the backend write an event after every batch of the prompt: only then does it notice soon that a client
    /// left.</summary>
    public JsonSplice AskForProgress() => First("\"return_progress\":true");

    /// <summary>Makes the backend compute the whole prompt, whatever its slots hold.</summary>
    public JsonSplice ForbidReuse() =>
        CachePrompt is { } range ? new JsonSplice(range, "false"u8.ToArray()) : First("\"cache_prompt\":false");

    private JsonSplice First(string member) =>
        new(new JsonRange(FirstMember, 0), Encoding.ASCII.GetBytes(IsEmptyObject ? member : member + ","));
}
