using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Requests;

/// <summary>Which template a prompt begins with, for people: the trigger of its first user message, else of its last one. Plugins decide
/// what is really expanded.</summary>
internal static class UsedTrigger
{
    /// <param name="messages">The prompt, before plugins have edited it.</param>
    /// <param name="options">The configured triggers.</param>
    public static string? In(IReadOnlyList<PromptMessage> messages, ProxyOptions options)
    {
        if (options.Prefixes.Count == 0)
            return null;
        return Of(messages.FirstOrDefault(IsUsers)) ?? Of(messages.LastOrDefault(IsUsers));

        string? Of(PromptMessage? message)
        {
            string? longest = null;
            foreach (var (trigger, _) in options.Prefixes)
            {
                if (trigger.Length > (longest?.Length ?? 0) && message?.Parts is [var first, ..] && first.StartsWith(trigger))
                    longest = trigger;
            }

            return longest;
        }
    }

    private static bool IsUsers(PromptMessage message) => message.Role == "user";
}
