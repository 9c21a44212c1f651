using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Puts the arguments of a tool call back as the model wrote them, by the call's id. Clients parse them and write them again, with other
/// white space and escapes; the value is the same, the tokens are not.
/// </summary>
internal sealed class ToolArgumentsRule(AnswerMemory memory) : IPromptRule
{
    public string Name => "tool_arguments";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        var count = 0;
        if (memory.IsEmpty)
            return 0;
        foreach (var message in context.Messages)
        {
            foreach (var part in message.OtherParts)
                count += Mend(part, context.Domain) ? 1 : 0;
        }

        return count;
    }

    private bool Mend(PromptPart part, string? domain)
    {
        if (part is not { Type: "tool_call", CallId: { } id } || part.Text is not { } text
            || memory.Find(MemoryKey.Arguments(domain, id)) is not { } written
            || string.Equals(text, written, StringComparison.Ordinal) || !AreEqual(text, written))
            return false;
        part.Text = written;
        return true;
    }

    private static bool AreEqual(string text, string written)
    {
        try
        {
            using var one = JsonDocument.Parse(text);
            using var other = JsonDocument.Parse(written);
            return JsonElement.DeepEquals(one.RootElement, other.RootElement);
        }
        catch (JsonException)
        {
            return false; // a call that was cut off
        }
    }
}
