using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Where the texts of a prompt's head and its users stand, whatever the protocol.</summary>
internal static class PromptTexts
{
    /// <summary>Edits the system texts: <c>system</c>, <c>instructions</c>, and the system and developer messages before all others.
    /// </summary>
    /// <param name="context">The prompt.</param>
    /// <param name="edit">Edits one text; gives back the same string to change nothing.</param>
    public static void EditSystem(PromptContext context, Func<string, string> edit)
    {
        var member = context.Endpoint switch { PromptEndpoint.Messages => "system", PromptEndpoint.Responses => "instructions", _ => null };
        if (member is not null && context.Member(member) is { } value && TextMember.Edit(value.Span, edit) is { } edited)
            context.ReplaceMember(member, edited);
        foreach (var part in context.Messages.TakeWhile(IsSystem).SelectMany(message => message.Parts))
        {
            if (part.Text is { } text)
                part.Text = edit(text);
        }
    }

    /// <summary>Whether the model reads it as instructions of the operator.</summary>
    public static bool IsSystem(PromptMessage message) => message.Role is "system" or "developer";

    /// <summary>The only text of a message's content; null where it has none or several.</summary>
    public static PromptPart? OnlyText(PromptMessage message)
    {
        PromptPart? only = null;
        foreach (var part in message.Parts)
        {
            if (part.Text is null)
                continue;
            if (only is not null)
                return null;
            only = part;
        }

        return only;
    }
}
