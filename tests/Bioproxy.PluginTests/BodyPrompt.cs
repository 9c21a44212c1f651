using System.Runtime.CompilerServices;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.PluginTests;

/// <summary>Prompts from request bodies, and request bodies with a prompt's edits, as the host makes them: for tests of one part alone.
/// </summary>
internal static class BodyPrompt
{
    private static readonly ConditionalWeakTable<PromptContext, EditablePrompt> Prompts = [];

    /// <summary>The prompt in a body.</summary>
    public static PromptContext Of(PromptEndpoint endpoint, string body, bool isWarmUp = false)
    {
        var read = PromptBody.Read(Encoding.UTF8.GetBytes(body), endpoint) ?? throw new ArgumentException("not a prompt", nameof(body));
        var prompt = new EditablePrompt(read, "r1", isWarmUp);
        Prompts.Add(prompt.Context, prompt);
        return prompt.Context;
    }

    /// <summary>The body that would be sent on.</summary>
    public static string Sent(PromptContext prompt) => Encoding.UTF8.GetString(
        Prompts.TryGetValue(prompt, out var editable) ? new SplicedBody(prompt.Body, editable.Splices()).ToArray() : prompt.Body.Span);

    /// <summary>Whether anything was edited.</summary>
    public static bool IsEdited(PromptContext prompt) => Prompts.TryGetValue(prompt, out var editable) && editable.Splices().Count > 0;

    /// <summary>A member of the body as JSON, with edits.</summary>
    public static string MemberOf(PromptContext prompt, string name) => Encoding.UTF8.GetString(prompt.Member(name)!.Value.Span);
}
