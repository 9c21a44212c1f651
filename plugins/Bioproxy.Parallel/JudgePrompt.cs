using System.Text;
using System.Text.RegularExpressions;

namespace Bioproxy.Parallel;

/// <summary>The judge's message: the question, the answers, and the task.</summary>
internal static partial class JudgePrompt
{
    // The question comes first, so that the judge's prompt shares a prefix with the variants' (template, history and question), and
    // none of it is computed again.
    public const string Default =
        """
        {question}

        Several answers to this have been drafted, independently of each other:

        {answers}

        Write the one best answer. Take what is right from each draft, settle by your own thinking where they disagree, and leave out what is wrong.
        Answer the question directly: do not mention the drafts.
        """;

    /// <summary>Fills the template in one pass: text of a question or an answer is never mistaken for a placeholder.</summary>
    public static string Fill(string template, string question, IReadOnlyList<string> answers, int maxAnswerCharacters)
    {
        var text = new StringBuilder();
        for (var i = 0; i < answers.Count; i++)
            text.Append(i == 0 ? "" : "\n\n").Append($"<answer number=\"{i + 1}\">\n").Append(Cut(answers[i], maxAnswerCharacters))
                .Append("\n</answer>");
        return Placeholder().Replace(template, match => match.Value == "{question}" ? question : text.ToString());
    }

    // Never cuts a surrogate pair.
    private static string Cut(string answer, int length) =>
        answer.Length <= length ? answer : $"{answer[..(char.IsHighSurrogate(answer[length - 1]) ? length - 1 : length)]} […]";

    [GeneratedRegex(@"\{question\}|\{answers\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
