using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.OldContract;

/// <summary>Uses what the first contract let everybody make by hand: prompts and attributes.</summary>
internal static class HandMade
{
    public static string Describe()
    {
        var parts = (PromptPart[])[new PromptPart("text", "\"caf\\u00e9\""u8.ToArray()), new PromptPart("image_url", null as string)];
        var context = new PromptContext("made", PromptEndpoint.Messages, null, true, [new PromptMessage("user", parts)],
            ReadOnlyMemory<byte>.Empty);
        var transform = new PromptTransformAttribute("made") { Order = 3 };
        var engine = new TemplateEngineAttribute(".a", ".b");
        return $"{context.Messages[0].Parts[0].Text}, {parts[1].Text ?? "no text"}, {transform.Name} {transform.Order}, "
            + $"{string.Join(' ', engine.Extensions)}";
    }
}
