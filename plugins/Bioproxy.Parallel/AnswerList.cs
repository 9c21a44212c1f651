namespace Bioproxy.Parallel;

/// <summary>Lists answers one after the other, with headings.</summary>
internal static class AnswerList
{
    public static string Of(IReadOnlyList<string> answers) =>
        string.Join("\n\n", answers.Select((answer, i) => $"## Answer {i + 1}\n\n{answer.Trim()}"));
}
