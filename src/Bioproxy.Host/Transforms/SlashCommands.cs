using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Transforms;

/// <summary>
/// The slash commands at the beginning of user messages: <c>/rag /parallel How do I …</c>. Known commands are removed from every user
/// message: clients send the history as it was typed, and the rest must be the same in every turn. The last user message decides what runs.
/// </summary>
internal static class SlashCommands
{
    /// <summary>Removes the commands from the messages and records them there.</summary>
    /// <returns>Whether any message had one.</returns>
    public static bool Take(PromptContext context, PluginSet plugins)
    {
        if (plugins.Commands.Count == 0)
            return false;
        var hasAny = false;
        foreach (var message in context.Messages)
        {
            if (message.Role == "user" && FirstText(message) is { } part && part.StartsWith("/")
                && Take(part, plugins) is { Count: > 0 } commands)
            {
                message.Commands = commands;
                hasAny = true;
            }
        }

        return hasAny;
    }

    /// <summary>The transforms of a request: those with a command in the order written, then those that repeat what they did to earlier
    /// messages, then all that are always on.</summary>
    public static IReadOnlyList<PluginTransform> TransformsOf(PromptContext context, PluginSet plugins)
    {
        var chosen = new List<PluginTransform>(Of(context, plugins, static parts => parts.Transforms));
        chosen.AddRange(context.Messages
            .SelectMany(message => message.Commands)
            .SelectMany(command => plugins.Commands[command].Transforms)
            .Where(transform => transform.RunsForHistory && !chosen.Contains(transform))
            .Distinct()
            .OrderBy(transform => transform.Order)
            .ThenBy(transform => transform.Plugin, StringComparer.Ordinal)
            .ThenBy(transform => transform.Name, StringComparer.Ordinal));
        chosen.AddRange(plugins.Transforms);
        return chosen;
    }

    /// <summary>The response transforms of a request, in the order of the request.</summary>
    public static IReadOnlyList<PluginResponseTransform> ResponsesOf(PromptContext context, PluginSet plugins) =>
        context.Commands.Count == 0 ? plugins.Responses : [.. Of(context, plugins, static parts => parts.Responses), .. plugins.Responses];

    /// <summary>The handlers of a request; those with a command come first.</summary>
    public static IReadOnlyList<PluginHandler> HandlersOf(PromptContext context, PluginSet plugins) =>
        context.Commands.Count == 0 ? plugins.Handlers : [.. Of(context, plugins, static parts => parts.Handlers), .. plugins.Handlers];

    private static IEnumerable<T> Of<T>(PromptContext context, PluginSet plugins, Func<CommandParts, IReadOnlyList<T>> parts) =>
        context.Commands.Distinct(StringComparer.Ordinal).SelectMany(command => parts(plugins.Commands[command])).Distinct();

    private static List<string> Take(PromptPart part, PluginSet plugins)
    {
        if (part.Text is not { } text)
            return []; // not valid Unicode, so it cannot be edited
        var commands = new List<string>();
        var at = 0;
        while (at < text.Length && text[at] == '/')
        {
            var end = at + 1;
            while (end < text.Length && !char.IsWhiteSpace(text[end]))
                end++;
            if (!plugins.Commands.ContainsKey(text[(at + 1)..end]))
                break;
            commands.Add(text[(at + 1)..end]);
            at = end;
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
        }

        if (commands.Count > 0)
            part.Text = text[at..];
        return commands;
    }

    private static PromptPart? FirstText(PromptMessage message)
    {
        foreach (var part in message.Parts)
        {
            if (part.Type is "text" or "input_text")
                return part;
        }

        return null;
    }
}
