using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Puts an answer back as the model wrote it where the client returns it with other white space at its edges.</summary>
internal sealed class AnswerTextRule(AnswerMemory memory) : IPromptRule
{
    public string Name => "answer_text";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        if (memory.IsEmpty)
            return 0;
        var count = 0;
        foreach (var (message, place) in AnswerPlace.Along(context))
        {
            if (PromptTexts.OnlyText(message) is not { Text: { } text } part
                || memory.Find(MemoryKey.Answer(context.Domain, place, text)) is not { } written
                || string.Equals(text, written, StringComparison.Ordinal))
                continue;
            part.Text = written;
            count++;
        }

        return count;
    }
}
