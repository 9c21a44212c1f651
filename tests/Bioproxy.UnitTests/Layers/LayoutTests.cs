using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Layers;

/// <summary>What the compiler does not check of how files are laid out; <c>dotnet format</c> mends the order of imports.</summary>
public sealed class LayoutTests
{
    private const int LongestLine = 140;
    private const int LongestFile = 350;

    /// <summary>Their long lines are inside of literals: recorded answers, prompts and bodies, whose line breaks would be sent.</summary>
    private static readonly string[] WithLiterals =
        ["CapturedAnswers.cs", "JudgePrompt.cs", "ParallelHandlerTests.cs", "RedactTransformTests.cs"];

    private static readonly string[] Files =
    [
        .. new[] { "src", "plugins", "tests" }
            .Select(folder => Path.Combine(RepositoryFolder.Root!, folder))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(RepositoryFolder.Root!, file))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")),
    ];

    [Fact]
    public void Lines_OfAllFiles_AreNotTooLong() =>
        Assert.Empty(
            from file in Files
            where !WithLiterals.Contains(Path.GetFileName(file))
            from line in Lines(file).Index()
            where line.Item.Length > LongestLine
            select $"{file}:{line.Index + 1} has {line.Item.Length} characters");

    [Fact]
    public void Files_OfTheProduct_AreNotTooLong() =>
        Assert.Empty(
            from file in Files
            where !file.StartsWith("tests", StringComparison.Ordinal)
            let count = Lines(file).Length
            where count > LongestFile
            select $"{file} has {count} lines");

    [Fact]
    public void Imports_OfAllFiles_AreSorted() =>
        Assert.Empty(
            from file in Files
            let imports = Lines(file).Where(IsImport).Select(line => line[6..^1]).ToList()
            where !imports.SequenceEqual(imports.OrderBy(IsOthers).ThenBy(name => name, StringComparer.Ordinal))
            select file);

    private static bool IsOthers(string name) => !$"{name}.".StartsWith("System.", StringComparison.Ordinal);

    private static string[] Lines(string file) => File.ReadAllLines(Path.Combine(RepositoryFolder.Root!, file));

    private static bool IsImport(string line) =>
        line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=', StringComparison.Ordinal)
            && !line.Contains('(', StringComparison.Ordinal) && !line.StartsWith("using static ", StringComparison.Ordinal);
}
