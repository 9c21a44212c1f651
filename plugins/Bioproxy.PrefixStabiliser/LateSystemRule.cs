using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Turns system messages in the middle of a conversation into messages of the user, in their place. Many chat templates refuse them, or
/// collect them at the head, where a new one makes another prompt of everything.
/// </summary>
internal sealed class LateSystemRule : IPromptRule
{
    private const string Start = "<system-reminder>\n";
    private const string End = "\n</system-reminder>";

    public string Name => "late_system";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var message in context.Messages.SkipWhile(PromptTexts.IsSystem).Where(PromptTexts.IsSystem))
        {
            if (message.Parts.LastOrDefault(part => part.Text is not null) is not { } last)
                continue;
            var first = message.Parts.First(part => part.Text is not null);
            first.Text = Start + first.Text;
            last.Text += End;
            message.ReplacedRole = "user";
            count++;
        }

        return count;
    }
}
