using System.Text;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class TextAlignmentTests
{
    private static readonly string Lines = string.Concat(Enumerable.Range(0, 300).Select(i => $"line {i} of a long text\n"));

    [Theory]
    [InlineData("28", "29")]
    [InlineData("", "a new first line\n")]
    [InlineData("a line that went\n", "")]
    public void Repeated_ASmallChange_IsAllThatFollows(string one, string other) =>
        Assert.InRange(Repeated(one + Lines, other + Lines), Lines.Length - 8, Lines.Length);

    [Fact]
    public void Repeated_SeveralChanges_CountsWhatIsBetween()
    {
        var other = Lines.Replace("line 100 ", "line one hundred ", StringComparison.Ordinal)
            .Replace("line 200 ", "", StringComparison.Ordinal);

        Assert.InRange(Repeated("x" + Lines, "y" + other), Lines.Length - 100, Lines.Length);
    }

    [Fact]
    public void Repeated_AListThatGrewByPages_IsFoundBehindIt()
    {
        var list = string.Concat(Enumerable.Range(0, 500).Select(i => $"file{i}.txt\n"));

        Assert.InRange(Repeated(list + Lines, "other.txt\n" + Lines), Lines.Length - 100, Lines.Length);
    }

    [Fact]
    public void Repeated_NothingAlike_IsNothing()
    {
        Assert.Equal(0, Repeated(new string('a', 3000), new string('b', 3000)));
        Assert.Equal(0, Repeated("", "text"));
        Assert.Equal(0, Repeated("text", ""));
    }

    private static int Repeated(string text, string other) =>
        TextAlignment.Repeated(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(other));
}
