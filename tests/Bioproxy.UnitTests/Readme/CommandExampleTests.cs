namespace Bioproxy.UnitTests.Readme;

/// <summary>Every command in the documents could be typed: what it names is there, and its options are understood.</summary>
public sealed class CommandExampleTests
{
    private static readonly string[] Programs = ["bioproxy ", "./scripts/", "dotnet "];

    public static TheoryData<string, string> Commands()
    {
        var commands = new TheoryData<string, string>();
        foreach (var document in Document.All)
        {
            var examples = document.Blocks.Where(block => block.Language == "sh").SelectMany(block => ShellCommand.Split(block.Text));
            foreach (var command in examples.Concat(document.Spans.Where(IsCommand)).Distinct())
                commands.Add(document.Name, command);
        }

        return commands;
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_OfADocument_CanBeTyped(string document, string command)
    {
        var problem = await CommandCheck.ProblemAsync(ShellCommand.Parse(command));

        Assert.True(problem is null, $"{document}: {command}: {problem}");
    }

    // A span with an ellipsis is not a command but a family of them.
    private static bool IsCommand(string span) =>
        !span.Contains('…', StringComparison.Ordinal)
        && Programs.Any(program => span.StartsWith(program, StringComparison.Ordinal));
}
