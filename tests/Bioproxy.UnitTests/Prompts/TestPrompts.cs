using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

/// <summary>Prompts of somebody, in short. Texts that begin alike become prompts that begin alike.</summary>
internal static class TestPrompts
{
    public static CanonicalPrompt Of(string text, string? domain = null, string? session = null, bool canPin = true)
    {
        var json = $"{{\"prompt\":{JsonSerializer.Serialize(text, TestJson.Default.String)}}}";
        return Build(json, PromptEndpoint.Completion, domain, session, canPin);
    }

    public static CanonicalPrompt Chat(string json, string? domain = null, string? session = null) =>
        Build(json, PromptEndpoint.Chat, domain, session, canPin: true);

    public static CanonicalPrompt At(PromptEndpoint endpoint, string json) => Build(json, endpoint, null, null, canPin: true);

    private static CanonicalPrompt Build(string json, PromptEndpoint endpoint, string? domain, string? session, bool canPin)
    {
        var prompt = new EditablePrompt(PromptBody.Read(Encoding.UTF8.GetBytes(json), endpoint)!, "id", isWarmUp: false);
        return CanonicalPrompt.Build(prompt, domain, session, canPin);
    }
}
