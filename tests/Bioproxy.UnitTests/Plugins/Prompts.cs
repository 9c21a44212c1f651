using Bioproxy.Abstractions;

namespace Bioproxy.UnitTests.Plugins;

/// <summary>Prompts as a plugin sees them.</summary>
internal static class Prompts
{
    public static PromptContext User(params string[] texts) =>
        Of([.. texts.Select(text => new PromptMessage("user", [new PromptPart("text", text)]))]);

    public static PromptContext Of(params PromptMessage[] messages) =>
        new("request", PromptEndpoint.Chat, "model", isWarmUp: false, messages, ReadOnlyMemory<byte>.Empty);
}
